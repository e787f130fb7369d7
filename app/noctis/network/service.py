"""The DICOM service: acceptors on shared listening sockets, the indexer that files what they acknowledge, a sender."""

from __future__ import annotations

import logging
import os
import signal
import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from multiprocessing.sharedctypes import RawArray

from django.conf import settings
from pynetdicom import _config

from noctis import service_manager
from noctis.archive.indexer import run_indexer
from noctis.archive.ingest import discard_unfinished
from noctis.network.acceptor import Acceptor, Listener
from noctis.network.configuration import ServiceConfiguration
from noctis.network.database import keep_connections
from noctis.network.exclusive import AnotherIsThere, one_at_a_time, service_in
from noctis.network.outgoing import run_outgoing
from noctis.network.process_group import Announce, Child, ProcessGroup
from noctis.network.service_record import ServiceRecord
from noctis.network.spool_file import stream_data_sets_to
from noctis.network.statistics import begin_anew, record_to
from noctis.network.stop_signal import StopSignal
from noctis.network.transport_security import TlsUnusable, tls_context

logger = logging.getLogger(__name__)

BACKLOG = 128
STOP_GRACE_SECONDS = 15.0
INDEXER_SECONDS = 60.0


class ServiceCannotStart(Exception):
    """The service cannot start; the text says why in one sentence."""


def run_service(configuration: ServiceConfiguration, on_ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``on_ready`` is called when associations are accepted.

    Then the acceptors finish what runs, and the indexer, which alone ignores those signals, empties the spool. With TLS
    SIGHUP makes the acceptors read certificate and key anew. Where a keeper starts another service to take the place of
    this one, that one accepts first; it indexes and sends what is owed once this one has ended that.
    """
    os.umask(0o077)
    data = settings.NOCTIS_DATA
    data.create()
    takes_over = service_manager.takes_over()
    with ExitStack() as resources:
        try:
            resources.enter_context(
                service_in(data.run, takes_over=takes_over, may_be_succeeded=service_manager.is_kept())
            )
        except AnotherIsThere as error:
            raise ServiceCannotStart(f"Another DICOM service already works in {data.root}.") from error
        with ExitStack() as sockets:
            listeners = [
                Listener(sockets.enter_context(listener.socket), listener.is_secured)
                for listener in listening_sockets(configuration)
            ]
            if not takes_over:
                _clear_away()
            begin_anew(data.statistics)

            def announce() -> None:
                ServiceRecord.of_this_process(configuration).write(data)
                on_ready()

            _run_processes(configuration, listeners, sockets, announce)


def _clear_away() -> None:
    """Remove what a service that was killed left half received; one that still runs may be receiving."""
    if leftovers := discard_unfinished():
        logger.info("removed %d files that were never received to the end", leftovers)


def _run_processes(
    configuration: ServiceConfiguration, listeners: Sequence[Listener], sockets: ExitStack, on_ready: Callable[[], None]
) -> None:
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
    where = f"{host} port {port}"
    try:
        listener = service_manager.listening_socket(host, port, BACKLOG)
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
    keep_connections()
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
    with one_at_a_time(settings.NOCTIS_DATA.run, "indexer", stop.is_set) as is_its_turn:
        if is_its_turn:
            run_indexer(stop.is_set)


def _send(
    listeners: Sequence[Listener], configuration: ServiceConfiguration, stop: StopSignal, _announce: Announce
) -> None:
    _stop_listening(listeners)
    _prepare_log(is_verbose=configuration.is_verbose)
    keep_connections()
    record_to(settings.NOCTIS_DATA.statistics, "outgoing")
    with one_at_a_time(settings.NOCTIS_DATA.run, "outgoing", stop.is_set) as is_its_turn:
        if is_its_turn:
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
