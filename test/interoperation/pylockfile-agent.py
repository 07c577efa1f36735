"""A process that holds pylockfile's locks and follows commands: one line of JSON in, one line out."""
import json
import random
import sys
import time

import lockfile
from lockfile.linklockfile import LinkLockFile
from lockfile.mkdirlockfile import MkdirLockFile
from lockfile.symlinklockfile import SymlinkLockFile

KINDS = {'link': LinkLockFile, 'mkdir': MkdirLockFile, 'symlink': SymlinkLockFile}
lock = KINDS[sys.argv[1]](sys.argv[2])


def say(message):
    sys.stdout.write(json.dumps(message) + '\n')
    sys.stdout.flush()


def report(where):
    """Reports where we are, and waits for the answer."""
    say({'report': where})
    sys.stdin.readline()


def contend(turns):
    for _ in range(turns):
        while True:
            try:
                lock.acquire(timeout=0.02)
                break
            except lockfile.LockTimeout:
                pass
        report('in')
        time.sleep(random.random() / 1000)
        report('out')
        lock.release()


CALLS = {
    'acquire': lambda timeout: lock.acquire(timeout=timeout),
    'release': lambda _: lock.release(),
    'is_locked': lambda _: lock.is_locked(),
    'i_am_locking': lambda _: lock.i_am_locking(),
    'break_lock': lambda _: lock.break_lock(),
    'contend': contend,
}

say({'value': 'ready'})
while True:
    line = sys.stdin.readline()
    if not line:
        break
    order = json.loads(line)
    try:
        say({'value': CALLS[order['do']](order.get('with'))})
    except Exception as error:  # The name of any error is the answer.
        say({'error': type(error).__name__})
