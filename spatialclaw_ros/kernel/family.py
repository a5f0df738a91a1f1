"""The processes of one kernel as the nursery holds them: which may fork, and who goes on."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import functools
import os
import selectors
import socket
import sys
import time
from typing import Any

from spatialclaw_ros.kernel import failure
from spatialclaw_ros.kernel import scratch
from spatialclaw_ros.kernel.member import children_of
from spatialclaw_ros.kernel.member import Member
from spatialclaw_ros.kernel.member import threads_of
from spatialclaw_ros.kernel.supervisor import Asked
from spatialclaw_ros.kernel.supervisor import Supervisor

#: How often a cell may ask for a fork, which is refused, and how long a copy may take.
_MOST_REFUSALS, _COPY_SECONDS = 1000, 5.0
_MOST_THREADS = 256
#: How long after the end of the original, and how often a copy may be interrupted in its waiting.
_LATE_COPY_SECONDS, _MOST_REPEATS = 0.2, 100

Tell = Callable[[str, dict[str, Any], list[int]], None]


@dataclass(frozen=True)
class Ties:
    """What ties a family to the rest: descriptors, of which it takes ownership.

    The `leash` ends when the host wants the kernel no longer. On the `cord` the new process hands
    over its supervision. `wire` is the number that the channel has in the kernel.
    """

    leash: int
    cord: socket.socket
    wire: int


class Family:
    """The process that runs the cells of one kernel, and the copy that it can go on from.

    `main` runs cells. `copy` grants it one fork, and what is forked, the `spare`, waits in a
    question of its own until `resume`. There are never more than these two.
    """

    def __init__(self, number: int, main: Member, files: scratch.Scratch, ties: Ties,
                 selector: selectors.BaseSelector, tell: Tell) -> None:
        """Watch over `main`; `tell` sends a message to the host."""
        self.id = number
        self.main: Member | None = main
        self.spare: Member | None = None
        self._files, self._ties = files, ties
        self._selector, self._tell = selector, tell
        self._supervisor: Supervisor | None = None
        self._may_fork = False
        self._copy_due: float | None = None
        self._refusals = self._repeats = 0
        self._wanted = True
        self._status = 0
        self._why_killed = ''
        self._clear_files = False
        self._watch(main.pidfd, self._main_ended)
        self._watch(ties.leash, self.end)
        self._watch(ties.cord.fileno(), self._take_supervision)

    @property
    def pids(self) -> set[int]:
        """Numbers of the family's processes."""
        return {member.pid for member in (self.main, self.spare) if member is not None}

    @property
    def expects_copy(self) -> bool:
        """Whether a fork was granted and what it made has not asked yet."""
        return self._copy_due is not None and not self._may_fork

    def copy(self) -> None:
        """Replace the spare by a copy of the main process as it is now.

        Tells 'granted' when the main process forks, with the number of `threads` that it has and
        the copy will not have, and 'copied' when the copy waits, or `why` there is none.
        """
        if self.main is None:  # it has just ended, and the host is told so
            return
        self._take_supervision()
        self._drop_spare()
        self._refusals = 0
        if self._supervisor is not None:
            self._may_fork = True
            self._copy_due = time.monotonic() + _COPY_SECONDS
        else:
            self._not_copied('this system has no supervised forks (Linux 5.9)')

    def resume(self, wire: int, output: int) -> None:
        """Have the spare go on in the place of the main process, which has ended, with new ends.

        Tells 'forked' as of a new kernel, and 'copied' as `copy` does, or 'failed'.
        """
        spare, supervisor = self.spare, self._supervisor
        if (spare is None or spare.asked is None or supervisor is None
                or not all(supervisor.give(spare.asked, fd, number) for fd, number in (
                    (wire, self._ties.wire), (output, 1), (output, 2)))
                or not supervisor.grant(spare.asked)):
            self._tell('failed', {'id': self.id, 'error': 'the copy of the kernel was lost'}, [])
            return
        self._unwatch(spare.pidfd)
        self.main, self.spare = spare, None
        self._copy_due = time.monotonic() + _COPY_SECONDS
        self._watch(spare.pidfd, self._main_ended)
        self._tell('forked', {'id': self.id}, [spare.pidfd])

    def look(self) -> None:
        """See to what nobody reports: files that are too large, and a copy that is overdue."""
        self._guarded(self._look)

    def _look(self) -> None:
        main, spare = self.main, self.spare
        if spare is not None and threads_of(spare.pid) != 1:  # it runs, and should wait
            self._drop_spare()
        if main is not None and threads_of(main.pid) > _MOST_THREADS:
            self._kill(main, f'it had over {_MOST_THREADS} threads')
        if main is not None and not self._why_killed and self._files.is_over_full(self.pids):
            self._clear_files = True
            self._kill(main, f'its files took over {scratch.MOST_BYTES >> 20} MB, or were over '
                       f'{scratch.MOST_ENTRIES} or nested over {scratch.MOST_DEPTH} deep, and '
                       'were removed')
        if self._copy_due is None or time.monotonic() < self._copy_due:
            return
        self._answer()  # it may have come forward while nobody looked
        if self._copy_due is None:
            return
        if main is not None and (self._may_fork or children_of(main.pid)):
            self._kill(main, 'it did not fork the copy that was asked of it' if self._may_fork
                       else 'it forked and the copy did not wait until it was needed')
            self._copy_due = None
            return
        self._not_copied(f'the kernel made no copy of itself in {_COPY_SECONDS:g} s')
        if main is None:
            self._tell_end()

    def end(self) -> None:
        """End every process; when they have ended, 'gone' is told."""
        self._unwatch(self._ties.leash)
        self._wanted = False
        if self.main is not None:
            self.main.kill()
        elif self.expects_copy:
            self._tell_end()
        else:
            self._finish()

    def _main_ended(self) -> None:
        if self.main is None:
            return
        self._unwatch(self.main.pidfd)
        self._status = self.main.reap()
        expects_copy = self.expects_copy
        self.main, self._may_fork = None, False
        if self._clear_files:
            self._clear_files = False
            self._files.empty()
        if not expects_copy or not self._wanted:
            self._tell_end()
        elif self._copy_due is not None:  # the copy decides what is told, if it comes forward now
            self._copy_due = min(self._copy_due, time.monotonic() + _LATE_COPY_SECONDS)

    def _tell_end(self) -> None:
        self._copy_due = None
        kept = self.spare is not None and self.spare.runs and self._wanted
        self._tell('exited', {'id': self.id, 'status': self._status, 'why': self._why_killed,
                              'kept': kept}, [])
        self._why_killed = ''
        if not kept:
            self._finish()

    def _finish(self) -> None:
        self._drop_spare()
        self._unwatch(self._ties.leash)
        os.close(self._ties.leash)
        self._take_supervision()
        if self._supervisor is not None:
            self._unwatch(self._supervisor.fd)
            self._supervisor.close()
        self._files.remove()
        self._tell('gone', {'id': self.id}, [])

    def _drop_spare(self) -> None:
        if self.spare is None:
            return
        self._unwatch(self.spare.pidfd)
        self.spare.kill()
        if self.main is None:
            self.spare.reap()
        else:  # its parent reaps it
            os.close(self.spare.pidfd)
        self.spare = None

    def _spare_ended(self) -> None:
        self._drop_spare()

    def _kill(self, main: Member, why: str) -> None:
        self._why_killed = self._why_killed or why
        main.kill()

    def _not_copied(self, why: str) -> None:
        self._may_fork, self._copy_due = False, None
        self._tell('copied', {'id': self.id, 'why': why}, [])

    def _take_supervision(self) -> None:
        """Take what the kernel has handed over on the cord, before its first cell."""
        if self._ties.cord.fileno() >= 0:
            self._unwatch(self._ties.cord.fileno())
            with self._ties.cord as cord, contextlib.suppress(OSError):
                _data, fds, _flags, _address = socket.recv_fds(cord, 1, 1, socket.MSG_DONTWAIT)
                for fd in fds:
                    self._supervisor = Supervisor(fd)
                    self._watch(fd, self._answer)

    def _answer(self) -> None:
        """Answer one question about a fork."""
        supervisor = self._supervisor
        if supervisor is None:
            return
        asked = supervisor.receive()
        if asked is None:
            if self.main is None:  # nobody is left to ask
                self._unwatch(supervisor.fd)
        elif self.spare is not None and asked.pid == self.spare.pid:
            self._ask_again(self.spare, asked)
        elif self.main is None or asked.pid != self.main.pid:
            self._meet(supervisor, asked)
        elif self._may_fork or (self.expects_copy and not children_of(self.main.pid)):
            self._grant(supervisor, asked)  # again, where a signal has interrupted the fork
        else:
            self._refuse(supervisor, asked)

    def _grant(self, supervisor: Supervisor, asked: Asked) -> None:
        threads = threads_of(asked.pid) - 1
        if supervisor.grant(asked) and self._may_fork:  # otherwise it asks again
            self._may_fork = False
            self._tell('granted', {'id': self.id, 'threads': threads}, [])

    def _ask_again(self, spare: Member, asked: Asked) -> None:
        spare.asked = asked
        self._repeats += 1
        if self._repeats > _MOST_REPEATS:
            self._drop_spare()

    def _meet(self, supervisor: Supervisor, asked: Asked) -> None:
        """Take who asks as the spare if one is due, and end it otherwise."""
        try:
            stranger = Member(asked.pid, os.pidfd_open(asked.pid), asked)
        except OSError:  # it is a thread of the main process, or has ended
            self._refuse(supervisor, asked)
            return
        waits = supervisor.waits(asked)  # so that this is its pidfd, and not a successor's
        if self.expects_copy and waits:
            self.spare, self._copy_due, self._repeats = stranger, None, 0
            self._watch(stranger.pidfd, self._spare_ended)
            self._tell('copied', {'id': self.id, 'why': ''}, [stranger.pidfd])
            if self.main is None:
                self._tell_end()
            return
        if waits:
            stranger.kill()
        os.close(stranger.pidfd)

    def _refuse(self, supervisor: Supervisor, asked: Asked) -> None:
        supervisor.refuse(asked)
        self._refusals += 1
        if self.main is not None and self._refusals == _MOST_REFUSALS:
            self._kill(self.main, f'it tried to start a process over {_MOST_REFUSALS} times')

    def _guarded(self, then: Callable[[], None]) -> None:
        """Do `then`; what goes wrong with one family ends it, and no other."""
        try:
            then()
        except EOFError:  # the host has gone
            raise
        except Exception as error:
            print(failure.whole(error), file=sys.stderr, flush=True)
            self.end()

    def _watch(self, fd: int, then: Callable[[], None]) -> None:
        self._selector.register(fd, selectors.EVENT_READ, functools.partial(self._guarded, then))

    def _unwatch(self, fd: int) -> None:
        if fd in self._selector.get_map():
            self._selector.unregister(fd)
