"""The ten steps from an installed appliance to one in clinical use, each made of items.

An item with a check is judged by the appliance; one without is confirmed by a person. Some do not apply everywhere,
such as e-mail: a person may say so, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.urls import reverse

from noctis.readiness import evidence
from noctis.readiness.evidence import Evidence
from noctis.readiness.models import Confirmation


@dataclass(frozen=True)
class Item:
    """One thing that has to be so. ``check`` looks; ``page`` names the page where it is made so."""

    key: str
    title: str
    how: str
    check: Callable[[], Evidence] | None = None
    page: str = ""
    may_be_waived: bool = False
    found: Evidence | None = None
    confirmation: Confirmation | None = None

    @property
    def is_done(self) -> bool:
        """Whether it is so, or somebody said that it is or need not be."""
        return bool(self.found and self.found.is_good) or self.confirmation is not None

    @property
    def address(self) -> str:
        """Where it is made so; empty where that is no page."""
        return reverse(self.page) if self.page else ""


@dataclass(frozen=True)
class Step:
    """One of the ten."""

    number: int
    title: str
    items: list[Item] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is open."""
        return all(item.is_done for item in self.items)


def _outline() -> list[tuple[str, list[Item]]]:
    """Return titles and items; made anew for each look, because checks are called by name."""
    return [
        (
            "Administrators",
            [
                Item(
                    "administrator_password",
                    "The first administrator has a password of their own",
                    "Nothing is delivered with a password: open the set-up link that the installation printed.",
                    evidence.administrator_can_sign_in,
                    "operations:users",
                ),
                Item(
                    "second_administrator",
                    "There is a second administrator",
                    "Who is ill or has left must not be the only one who can manage the appliance.",
                    evidence.second_administrator,
                    "operations:new_user",
                ),
            ],
        ),
        (
            "E-mail",
            [
                Item(
                    "mail_tested",
                    "A test e-mail was taken by the mail server",
                    "Set noctis_smtp_host and noctis_smtp_from in the inventory, run site.yml, send a test.",
                    evidence.mail_was_taken,
                    "mail",
                    may_be_waived=True,
                )
            ],
        ),
        (
            "Facilities and their accounts",
            [
                Item(
                    "facility",
                    "At least one facility is there",
                    "Every study belongs to a facility, and its users see no other's.",
                    evidence.facility,
                    "operations:facilities",
                ),
                Item(
                    "letterheads",
                    "Every facility has its letterhead",
                    "It heads each signed report: name, address, logo.",
                    evidence.letterheads,
                    "operations:facilities",
                    may_be_waived=True,
                ),
                Item(
                    "facility_accounts",
                    "Somebody of a facility can sign in",
                    "A facility user or a technician who has chosen a password.",
                    evidence.facility_accounts,
                    "operations:users",
                    may_be_waived=True,
                ),
            ],
        ),
        (
            "Radiologists",
            [
                Item(
                    "radiologist",
                    "A radiologist can sign in",
                    "Add the user and hand over the link; the password is chosen by the radiologist.",
                    evidence.radiologist,
                    "operations:users",
                )
            ],
        ),
        (
            "Receiving images",
            [
                Item(
                    "images_received",
                    "A registered device has stored images",
                    "Send a test study from a modality, or with DCMTK from its network.",
                    evidence.images_received,
                    "operations:connect_modality",
                )
            ],
        ),
        (
            "Connections of modalities and browsers",
            [
                Item(
                    "entities",
                    "At least one modality is registered",
                    "With its AE title, its facility and the network that it calls from.",
                    evidence.entities,
                    "operations:application_entities",
                ),
                Item(
                    "entities_seen",
                    "Every registered device has been connected",
                    "Let its engineer run the echo test, or echo it from its page. Switch off what is not used.",
                    evidence.entities_seen,
                    "operations:connect_modality",
                    may_be_waived=True,
                ),
                Item(
                    "certificate",
                    "Browsers trust the certificate of the pages",
                    "See “Certificates” in operations.md: Let's Encrypt, your own, or the local authority.",
                    evidence.certificate,
                ),
            ],
        ),
        (
            "Reporting",
            [
                Item(
                    "report_signed",
                    "A test report was written and signed",
                    "Open the test study, write, sign, and look at the PDF.",
                    evidence.report_signed,
                    "worklist",
                ),
                Item(
                    "report_read",
                    "The ward has read and printed the test report",
                    "As a facility user: the letterhead is right, the report reaches whoever asked for it.",
                ),
            ],
        ),
        (
            "Backup",
            [
                Item(
                    "backup_made",
                    "A backup was made",
                    "sudo noctisctl backup makes the first one at once.",
                    evidence.backup_made,
                    "backups",
                ),
                Item(
                    "restore_drill",
                    "A restore was rehearsed and compared",
                    "sudo noctis-backup drill restores into a scratch place and compares; it also runs every week.",
                    evidence.restore_drill,
                    "backups",
                ),
                Item(
                    "backup_password",
                    "The password of the backups is kept outside this server",
                    "sudo noctis-backup safe shows what belongs into the safe; without it nothing can be restored.",
                    evidence.backup_password,
                    "backups",
                ),
            ],
        ),
        (
            "Monitoring",
            [
                Item(
                    "no_alert",
                    "No alert is open",
                    "The bell of the administrators tells what is wrong.",
                    evidence.no_open_alert,
                    "notifications",
                ),
                Item(
                    "alert_arrived",
                    "A test alert reached whoever is on call",
                    "Say in the note who got it, and how.",
                ),
            ],
        ),
        (
            "People",
            [
                Item(
                    "users_trained",
                    "The users are trained",
                    "Radiologists, technicians and the wards know their pages, and whom to call.",
                ),
                Item(
                    "emergency_plan",
                    "Everybody knows what to do while the appliance is down",
                    "“Disaster recovery by the clock” in operations.md, printed, with telephone numbers.",
                ),
            ],
        ),
    ]


def steps() -> list[Step]:
    """Return the ten steps as they stand now."""
    confirmed = {one.item: one for one in Confirmation.objects.select_related("by")}
    return [
        Step(number, title, [_looked_at(item, confirmed.get(item.key)) for item in items])
        for number, (title, items) in enumerate(_outline(), 1)
    ]


def item_named(key: str) -> Item | None:
    """Return an item without looking, None where there is none of that key."""
    return next((item for _, items in _outline() for item in items if item.key == key), None)


def _looked_at(item: Item, confirmation: Confirmation | None) -> Item:
    found = item.check() if item.check is not None else None
    return replace(item, found=found, confirmation=confirmation)
