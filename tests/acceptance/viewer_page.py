"""The viewer as a test handles it: what is on the screen, by its attributes and by its pixels."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.data.phantoms import THORAX, CtPlan, Probe, SyntheticStudy
from tests.support.waiting import wait_for

# A cut of the thorax from z = 70 mm down to -5 mm: small enough for a test, with five probes in it.
PLAN = replace(THORAX, slices=16, spacing=5.0, first_z=70.0)
LOADING_MS = 20_000


@dataclass(frozen=True)
class ViewerPage:
    """A page with the viewer open."""

    page: Page

    @property
    def viewport(self) -> Locator:
        """The element that tells the viewer's state: of the pane that the reader works in."""
        return self.page.locator(".viewer-stage[data-active=true] .viewer-viewport")

    def open(
        self, study: SyntheticStudy | str, *, series_uid: str = "", hanging: str = "one", wait: bool = True
    ) -> None:
        """Open a study, at one of its series if that is named, and wait for the first image.

        One viewport unless another hanging protocol is named: other tests' studies of the same patient are priors.
        """
        study_uid = study if isinstance(study, str) else study.uid
        self.page.goto(f"/viewer/{study_uid}?hanging={hanging}" + (f"&series={series_uid}" if series_uid else ""))
        if wait:
            self.expect(state="ready")

    def expect(self, **attributes: object) -> None:
        """Wait until the viewport has these ``data-`` attributes: ``image_index=3`` is ``data-image-index="3"``."""
        for name, value in attributes.items():
            expect(self.viewport).to_have_attribute(f"data-{name.replace('_', '-')}", str(value), timeout=LOADING_MS)

    def expect_near(self, *, within: float = 0.01, **attributes: float) -> None:
        """Wait until numbers among these attributes are about right."""
        for name, wanted in attributes.items():
            shown = f"data-{name.replace('_', '-')}"
            wait_for(lambda: abs(float(self.state(shown[5:])) - wanted) <= within, f"{shown} of {wanted}", seconds=10)  # noqa: B023

    def state(self, name: str) -> str:
        """Return one ``data-`` attribute of the viewport."""
        value = self.viewport.get_attribute(f"data-{name}")
        assert value is not None, f"the viewport has no data-{name}"
        return value

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        """Click the button with this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def go_to(self, index: int) -> None:
        """Move to the image with this index from 0."""
        self.page.get_by_role("slider", name="Image", exact=True).fill(str(index + 1))
        self.expect(image_index=index, state="ready")

    def drag(self, across: int, down: int, *, button: str = "left") -> None:
        """Drag from the middle of the image."""
        x, y = self.middle()
        self.page.mouse.move(x, y)
        self.page.mouse.down(button="right" if button == "right" else "middle" if button == "middle" else "left")
        self.page.mouse.move(x + across, y + down, steps=4)
        self.page.mouse.up(button="right" if button == "right" else "middle" if button == "middle" else "left")

    def middle(self) -> tuple[float, float]:
        """Return the middle of the image on the page."""
        box = self.viewport.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def place_of(self, row: float, column: float, size: tuple[int, int]) -> tuple[int, int]:
        """Return the whole point of the page nearest to an image pixel, the image being fitted and unturned."""
        x, y = self.middle()
        rows, columns = size
        scale = self.scale(size)
        return round(x + (column - (columns - 1) / 2) * scale), round(y + (row - (rows - 1) / 2) * scale)

    def scale(self, size: tuple[int, int]) -> float:
        """Return how many points of the page an image pixel takes, the image being fitted."""
        box = self.viewport.bounding_box()
        assert box is not None
        return min(box["width"] / size[1], box["height"] / size[0])

    def stroke(self, *points: tuple[float, float]) -> None:
        """Press at the first point of the page, move along the others, let go at the last."""
        mouse = self.page.mouse
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point, steps=4)
        mouse.up()

    def letters(self) -> dict[str, str]:
        """Return the orientation letters by edge."""
        edges = self.page.locator(".viewer-letter").all()
        return {edge.get_attribute("data-edge") or "": edge.inner_text() for edge in edges}

    def corner(self, name: str) -> str:
        """Return the text of a corner, such as ``topLeft``, one line after the other."""
        return self.page.locator(f'[data-corner="{name}"]').inner_text()

    def picture(self) -> NDArray[np.uint8]:
        """Return what is on the screen where the image is, without words over it: (rows, columns, 3)."""
        # Two frames of the browser: whatever was to be drawn has been drawn.
        encoded = self.page.evaluate(
            """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
                () => done(document.querySelector(".viewer-canvas canvas").toDataURL()))))"""
        )
        content = base64.b64decode(encoded.partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))

    def at_pixel(self, picture: NDArray[np.uint8], row: float, column: float, size: tuple[int, int]) -> list[int]:
        """Return the colour at an image pixel, the image being fitted into the viewport unturned."""
        height, width = picture.shape[:2]
        rows, columns = size
        scale = min(width / columns, height / rows)
        x = width / 2 + (column - (columns - 1) / 2) * scale
        y = height / 2 + (row - (rows - 1) / 2) * scale
        return [int(channel) for channel in picture[round(y), round(x)]]


def index_of(plan: CtPlan, probe: Probe) -> int:
    """Return the index of the slice nearest to the probe's centre."""
    return round((plan.first_z - probe.centre[2]) / plan.spacing)


def pixel_of(plan: CtPlan, probe: Probe) -> tuple[float, float]:
    """Return row and column of the probe's centre."""
    first = plan.position(0)
    return (probe.centre[1] - first[1]) / plan.pixel, (probe.centre[0] - first[0]) / plan.pixel


def grey(value: float, center: float, width: float) -> float:
    """Return the grey of a value under a window (PS3.3 C.11.2.1.2.1)."""
    return min(255.0, max(0.0, ((value - (center - 0.5)) / (width - 1) + 0.5) * 255.0))
