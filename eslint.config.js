/**
 * The lint. Typed, because the two worst slips of this code are only visible in types: a forgotten `await`, and a
 * forgotten `yield*`, which makes every condition true. `test/house/lint.test.ts` shows that both are caught.
 */
import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import typescript from 'typescript-eslint';
import { noFloatingProtocol } from './test/house/no-floating-protocol.js';

export default defineConfig(
  { ignores: ['dist/', 'lib/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['src/**', 'test/**', 'scripts/**'],
    extends: [typescript.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { holdfast: { rules: { 'no-floating-protocol': noFloatingProtocol } } },
    rules: {
      'holdfast/no-floating-protocol': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/strict-boolean-expressions': ['error', { allowString: false, allowNumber: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
);
