"""The DICOM service: acceptors on shared listening sockets, the indexer that files what they acknowledge, a sender."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.sharedctypes import RawArray

from django.conf import settings
from pynetdicom import _config

from noctis.archive.indexer import run_indexer
from noctis.archive.ingest import discard_unfinished
from noctis.network.acceptor import Acceptor, Listener
from noctis.network.configuration import ServiceConfiguration
from noctis.network.outgoing import run_outgoing
from noctis.network.process_group import Announce, Child, ProcessGroup
from noctis.network.service_record import ServiceRecord
from noctis.network.spool_file import stream_data_sets_to
from noctis.network.statistics import begin_anew, record_to
from noctis.network.stop_signal import StopSignal
from noctis.network.transport_security import TlsUnusable, tls_context

logger = logging.getLogger(__name__)

BACKLOG = 128
LOCK_SECONDS = 2.0
LOCK_RETRY_SECONDS = 0.1
STOP_GRACE_SECONDS = 15.0
INDEXER_SECONDS = 60.0


class ServiceCannotStart(Exception):
    """The service cannot start; the text says why in one sentence."""


def run_service(configuration: ServiceConfiguration, on_ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``on_ready`` is called when associations are accepted.

    Then the acceptors finish what runs, and the indexer, which alone ignores those signals, empties the spool. With TLS
    SIGHUP makes the acceptors read certificate and key anew.
    """
    os.umask(0o077)
    settings.NOCTIS_DATA.create()
    with _alone_in_data_directory(), ExitStack() as sockets:
        listeners = [
            Listener(sockets.enter_context(listener.socket), listener.is_secured)
            for listener in listening_sockets(configuration)
        ]
        if leftovers := discard_unfinished():
            logger.info("removed %d files that were never received to the end", leftovers)
        begin_anew(settings.NOCTIS_DATA.statistics)
        ServiceRecord.of_this_process(configuration).write(settings.NOCTIS_DATA)
        counts = RawArray("i", configuration.processes)
        acceptors = [
            Child(
                f"DICOM acceptor {index + 1}",
                partial(_accept, listeners, configuration, counts, index),
                on_end=partial(counts.__setitem__, index, 0),
                reloads=configuration.tls is not None,
            )
            for index in range(configuration.processes)
        ]
        indexer = Child("indexer", partial(_index, listeners), stop_signals=(signal.SIGUSR1,))
        outgoing = Child("outgoing", partial(_send, listeners, configuration))
        group = ProcessGroup([indexer, *acceptors, outgoing], on_ready)
        group.run()
        sockets.close()
        group.stop([*acceptors, outgoing], configuration.drain_seconds + STOP_GRACE_SECONDS)
        group.stop([indexer], INDEXER_SECONDS)


def listening_sockets(configuration: ServiceConfiguration) -> Iterator[Listener]:
    """Give the sockets that all acceptors share. Raises ServiceCannotStart, also where TLS could not be spoken."""
    if configuration.tls is not None:
        try:
            tls_context(configuration.tls)
        except TlsUnusable as error:
            raise ServiceCannotStart(str(error)) from error
    yield Listener(_listening_socket(configuration.host, configuration.port, "NOCTIS_DICOM_PORT"))
    if configuration.tls is not None:
        secured = _listening_socket(configuration.host, configuration.tls.port, "NOCTIS_DICOM_TLS_PORT")
        yield Listener(secured, is_secured=True)


def _listening_socket(host: str, port: int, setting: str) -> socket.socket:
    """Return a listening socket; raises ServiceCannotStart where the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    where = f"{host} port {port}"
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=host == "::")
    except OSError as error:
        raise ServiceCannotStart(
            f"The DICOM service cannot listen on {where}: {os.strerror(error.errno or 0)}. "
            f"Stop what uses it, or choose another with {setting} and NOCTIS_DICOM_HOST."
        ) from error
    listener.setblocking(False)
    return listener


def _accept(
    listeners: Sequence[Listener],
    configuration: ServiceConfiguration,
    counts: list[int],
    index: int,
    stop: StopSignal,
    announce: Announce,
) -> None:
    _prepare_log(is_verbose=configuration.is_verbose)
    record_to(settings.NOCTIS_DATA.statistics, f"acceptor-{index + 1}")
    stream_data_sets_to(settings.NOCTIS_DATA.incoming)
    if configuration.tls is not None:
        stop.listen_for_reload()  # before the files are read, so that no change is missed
    acceptor = Acceptor(listeners, configuration, counts, index)
    announce()
    acceptor.serve(stop)


def _index(listeners: Sequence[Listener], stop: StopSignal, _announce: Announce) -> None:
    _stop_listening(listeners)
    _prepare_log(is_verbose=False)
    run_indexer(stop.is_set)


def _send(
    listeners: Sequence[Listener], configuration: ServiceConfiguration, stop: StopSignal, _announce: Announce
) -> None:
    _stop_listening(listeners)
    _prepare_log(is_verbose=configuration.is_verbose)
    record_to(settings.NOCTIS_DATA.statistics, "outgoing")
    run_outgoing(stop)


def _stop_listening(listeners: Sequence[Listener]) -> None:
    """Close the sockets that were inherited: they would go on to listen after the last acceptor has stopped."""
    for listener in listeners:
        listener.socket.close()


def _prepare_log(*, is_verbose: bool) -> None:
    """Silence what quotes a data set's values: the warnings of pydicom, and of pynetdicom what is not asked for.

    Its lines get a handler of their own: the usual one drops them. Identifiers of queries and passcodes of users are
    left out in any case.
    """
    warnings.simplefilter("ignore", UserWarning)
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    library = logging.getLogger("pynetdicom")
    library.setLevel(logging.DEBUG if is_verbose else logging.CRITICAL)
    if is_verbose:
        handler = logging.StreamHandler()
        handler.addFilter(lambda record: not record.getMessage().lstrip().startswith("Password:"))
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
        library.addHandler(handler)
        library.propagate = False


@contextmanager
def _alone_in_data_directory() -> Iterator[None]:
    """Make sure that no other service indexes the same spool.

    The children inherit the lock: a new service waits until the last child of one that was killed is gone.
    """
    path = settings.NOCTIS_DATA.run / "dicom_service.lock"
    with path.open("w") as lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise ServiceCannotStart(
                        f"Another DICOM service already works in {settings.NOCTIS_DATA.root}."
                    ) from error
                time.sleep(LOCK_RETRY_SECONDS)
        yield
