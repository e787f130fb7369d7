"""Does what is queued for reports, in the process for outgoing work: what is made here, and each receiver by itself."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable
from typing import Final

from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.outgoing import IsStopping
from noctis.reports.output import queue
from noctis.reports.output.dicom_objects import NothingToStandBeside, store
from noctis.reports.output.editions import file_of
from noctis.reports.output.hl7_message import control_id, message_of
from noctis.reports.output.hl7_sender import InError, Rejected, Unreachable, send
from noctis.reports.output.models import DeliveryKind, ReportDelivery
from noctis.reports.output.rendering import PdfUnavailable

logger = logging.getLogger(__name__)

HERE: Final = "here"


class ReportCourier:
    """Makes files and DICOM objects of reports, and sends messages."""

    def due(self) -> Iterable[Hashable]:
        """Return the primary keys of the receivers for which something is due, and ``HERE``."""
        return [HERE if key is None else key for key in queue.due_receivers()]

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        """Do what is due for a destination, one after the other."""
        receiver_id = None if destination == HERE else int(str(destination))
        while not is_stopping():
            with database_session():
                delivery = queue.begin_next(receiver_id)
                if delivery is None or not carry_out(delivery):
                    return


def carry_out(delivery: ReportDelivery) -> bool:
    """Do one delivery and write down what came of it; return whether the next may follow at once."""
    try:
        _do(delivery)
    except Unreachable as error:
        queue.hold(delivery, str(error))
        return False
    except InError as error:
        queue.refuse(delivery, str(error))
    except (PdfUnavailable, NothingToStandBeside, Rejected) as error:
        queue.postpone(delivery, str(error))
    except OSError as error:
        logger.warning("delivery %d of a report: %s", delivery.pk, type(error).__name__)
        queue.postpone(delivery, f"A file could not be read or written: {error.strerror or type(error).__name__}.")
    except Exception as error:  # noqa: BLE001  (the others go on; what failed is tried again)
        log_defect(logger, error)
        queue.postpone(delivery, f"It met with an internal error ({type(error).__name__}); the log says where.")
    else:
        queue.conclude(delivery)
    return True


def _do(delivery: ReportDelivery) -> None:
    edition, receiver = delivery.edition, delivery.receiver
    if receiver is not None:
        send(receiver, message_of(edition, receiver), control_id(edition, receiver))
    elif delivery.kind == DeliveryKind.FILE:
        file_of(edition)
    else:
        store(edition, DeliveryKind(delivery.kind))
