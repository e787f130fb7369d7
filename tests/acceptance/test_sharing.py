"""Sharing with somebody outside, and the files beside the images: what people see and do in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage, grey, index_of, pixel_of
from tests.data.documents import one_page_pdf
from tests.data.phantoms import PROBES, SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.appliance import Appliance
from tests.support.footprint import MEGABYTE, footprint, forget_peak

PIA = SyntheticPatient("Phantom^Pia", "SYN-SHARE-1", "19710205", "F")
STUDY = SyntheticStudy("shared", PIA, "CT to share", "SYN2025170", "20250502", "101500")
OTHER = SyntheticStudy("not shared", PIA, "CT not to share", "SYN2025171", "20240502", "101500")
LARGE = 200_000_000
# A page may grow by its own work meanwhile; the file itself would be four times as much.
MOST_MEMORY = 50 * MEGABYTE


@pytest.fixture(scope="module", autouse=True)
def studies(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send two studies of one patient."""
    folder = tmp_path_factory.mktemp("shared")
    for number, dataset in enumerate([*ct_series(PLAN, STUDY), *ct_series(PLAN, OTHER)]):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


def make_link(page: Page) -> tuple[str, str]:
    """Share the images from the viewer, and return the link and the code."""
    page.get_by_role("button", name="Share with somebody outside").click()
    page.get_by_label("For", exact=True).fill("Dr Outside")
    page.get_by_label("Purpose").fill("second opinion")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link, to be sent").input_value()
    return link[link.index("/shared/") :], page.get_by_label("Code, to be told by telephone").input_value()


def paths_of(page: Page) -> list[str]:
    """Return the paths that a page asks for from now on."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(re.sub(r"^https?://[^/]+|\?.*$", "", request.url)))
    return paths


def test_a_guest_sees_the_shared_images_until_the_link_is_revoked(
    page: Page, new_context: Callable[..., BrowserContext], problems
):
    problems.allow("403|404|410|401")
    sharer = ViewerPage(page)
    sharer.open(STUDY)
    link, code = make_link(page)

    guest = new_context().new_page()
    asked = paths_of(guest)
    guest.goto(link)
    expect(guest.get_by_role("heading", name="Shared with you")).to_be_visible()
    assert "Pia" not in guest.content()
    guest.get_by_label("Code").fill("0000 0000" if code != "0000 0000" else "0000 0001")
    guest.get_by_role("button", name="Open").click()
    expect(guest.get_by_role("alert")).to_contain_text("4 more tries")
    guest.get_by_label("Code").fill(code)
    guest.get_by_label("Code").press("Enter")
    expect(guest.get_by_role("heading", name="Phantom, Pia")).to_be_visible()
    assert "/shared/" not in guest.url

    guest.get_by_role("link", name="Look at the images").click()
    viewer = ViewerPage(guest)
    viewer.expect(state="ready")
    probe = PROBES[2]
    viewer.go_to(index_of(PLAN, probe))
    center, width = (float(viewer.state(name)) for name in ("window-center", "window-width"))
    row, column = pixel_of(PLAN, probe)
    shown = viewer.at_pixel(viewer.picture(), row, column, (PLAN.matrix, PLAN.matrix))
    assert abs(shown[0] - grey(probe.hu, center, width)) <= 3
    for name in (
        "Files attached to the study",
        "Measure a length",
        "Notes on the study",
        "Preferences",
        "Share with somebody outside",
    ):
        expect(guest.get_by_role("button", name=name)).to_have_count(0)
    expect(guest.get_by_text("CT not to share")).to_have_count(0)
    own = re.compile(r"/(shared/|guest/|static/|favicon)")
    assert [path for path in asked if not own.match(path) and not path.startswith("blob:")] == []
    here = guest.url.partition("/viewer")[0]
    assert guest.request.get(f"{here}/dicom-web/studies").status == 200

    page.goto("/shares")
    row_of_link = page.get_by_role("row", name="Dr Outside")
    expect(row_of_link).to_contain_text("1 of 5 times")
    row_of_link.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name="Dr Outside")).to_contain_text("Revoked")
    assert guest.request.get(f"{here}/dicom-web/studies").status == 401
    guest.reload()
    expect(guest.get_by_role("heading", name="This link was withdrawn")).to_be_visible()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="This link was withdrawn")).to_be_visible()
    assert guest.request.get("/worklist", max_redirects=0).status == 302


@pytest.fixture
def large_file(tmp_path: Path) -> Iterator[Path]:
    """Give a PDF of 200 MB, most of it holes."""
    path = tmp_path / "large.pdf"
    path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    with path.open("r+b") as file:
        file.truncate(LARGE)
    yield path
    path.unlink()


def web_processes(appliance: Appliance) -> list[int]:
    """Return the processes of the appliance that answer the pages."""
    assert appliance.process is not None
    family = {appliance.process.pid}
    parents = {
        int(stat.parent.name): int(stat.read_text().rpartition(")")[2].split()[1])
        for stat in Path("/proc").glob("[0-9]*/stat")
        if stat.exists()
    }
    for pid in sorted(parents):
        if parents[pid] in family:
            family.add(pid)
    web = [pid for pid in family if b"noctis.asgi" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert web, "no process serves the pages"
    return web


def test_files_belong_to_the_patient_and_to_those_who_may_see_them(
    sign_in: Callable[..., Page], appliance: Appliance, large_file: Path, problems
):
    problems.allow("net::ERR_ABORTED")
    page = sign_in("technician", "NORTH")
    page.goto(f"/studies/{OTHER.uid}/attachments")
    panel = page.locator("[data-attachments]")
    field = panel.locator("input[type=file]")
    expect(panel).to_contain_text("No files yet", timeout=LOADING_MS)

    panel.get_by_label("What new files belong to").select_option("The patient")
    panel.get_by_label("Category of new files").select_option("Referral")
    letter = FilePayload(name="../../etc/passwd", mimeType="text/html", buffer=one_page_pdf("Referral"))
    field.set_input_files([letter])
    row = panel.locator(".viewer-remark", has_text="passwd")
    expect(row).to_contain_text("Referral · of the patient")
    panel.get_by_label("Who sees new files").select_option("Radiologists and technicians")
    panel.get_by_label("What new files belong to").select_option("This study")
    field.set_input_files([FilePayload(name="inside.txt", mimeType="text/plain", buffer=b"for readers")])
    expect(panel.locator(".viewer-remark", has_text="inside.txt")).to_contain_text("Radiologists and technicians only")
    row.get_by_role("button", name="Look at").click()
    expect(page.get_by_role("dialog").locator("canvas").first).to_be_visible(timeout=LOADING_MS)
    page.keyboard.press("Escape")

    servers = web_processes(appliance)
    before = {pid: footprint(pid).resident for pid in servers}
    for pid in servers:
        forget_peak(pid)
    field.set_input_files(large_file)
    sent = panel.locator(".viewer-upload", has_text="large.pdf")
    expect(sent.get_by_role("progressbar")).to_be_visible()
    sent.get_by_role("button", name="Cancel").click()
    expect(sent).to_have_count(0)
    field.set_input_files(large_file)
    expect(panel.locator(".viewer-remark", has_text="large.pdf")).to_contain_text("200 MB", timeout=120_000)
    used = max(footprint(pid).peak - was for pid, was in before.items())
    assert used < MOST_MEMORY, f"{used / MEGABYTE:.0f} MB were used for an upload"

    # The facility's user sees the patient's letter beside the other study too, and not what is for readers.
    seen = sign_in("facility_user", "NORTH", viewport={"width": 390, "height": 844})
    seen.goto(f"/studies/{STUDY.uid}/attachments")
    expect(seen.locator(".viewer-remark")).to_contain_text(["passwd"], timeout=LOADING_MS)
    seen.goto(f"/studies/{OTHER.uid}/attachments")
    expect(seen.locator(".viewer-remark")).to_contain_text(["passwd"], timeout=LOADING_MS)
    expect(seen.get_by_label("Who sees new files")).to_be_hidden()
    foreign = sign_in("facility_user", "SOUTH")
    problems.allow("404")
    foreign.goto(f"/studies/{OTHER.uid}/attachments")
    expect(foreign.get_by_role("heading", name="There is nothing here")).to_be_visible()
