"""The planes of a volume as a test handles them: where a point of the patient is on the page, what is drawn there."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.viewer_page import LOADING_MS, ViewerPage
from tests.data.phantoms import SyntheticStudy
from tests.support.waiting import wait_for

Vector = NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """One of the three planes on the page."""

    page: Page
    name: str

    @property
    def element(self) -> Locator:
        """The element that tells its state."""
        return self.page.locator(f'.viewer-cut[data-plane="{self.name}"]')

    def ready(self) -> Plane:
        """Wait until it is drawn."""
        expect(self.element).to_have_attribute("data-state", "ready", timeout=LOADING_MS)
        return self

    def number(self, name: str) -> float:
        """Return one of its numbers."""
        return float(self.element.get_attribute(f"data-{name}") or "nan")

    def vector(self, name: str) -> Vector:
        """Return one of its vectors."""
        return np.array([float(part) for part in (self.element.get_attribute(f"data-{name}") or "").split(",")])

    def box(self) -> dict[str, float]:
        """Return where its picture is on the page, and how many whole pixels it was drawn for."""
        found: dict[str, float] = self.element.locator(".viewer-plane-canvas").evaluate(
            "(e) => { const r = e.getBoundingClientRect(); return { x: r.x, y: r.y, width: r.width, height: r.height,"
            " columns: e.clientWidth, rows: e.clientHeight }; }"
        )
        return found

    def axes(self) -> tuple[Vector, Vector]:
        """Return the patient's directions to the right and down the screen."""
        up = self.vector("up")
        return np.cross(up, self.vector("normal")), -up

    def point_of(self, world: Vector | tuple[float, float, float]) -> Point:
        """Return the point of the page where a point of the patient is, by the plane's own numbers."""
        box, scale = self.box(), self.number("millimetres-per-pixel")
        offset = np.asarray(world) - self.vector("center")
        right, down = self.axes()
        return (
            box["x"] + (0.5 + float(offset @ right) / scale / box["columns"]) * box["width"],
            box["y"] + (0.5 + float(offset @ down) / scale / box["rows"]) * box["height"],
        )

    def world_of(self, point: Point) -> Vector:
        """Return the point of the patient at a point of the page."""
        box, scale = self.box(), self.number("millimetres-per-pixel")
        right, down = self.axes()
        across = ((point[0] - box["x"]) / box["width"] - 0.5) * box["columns"]
        downwards = ((point[1] - box["y"]) / box["height"] - 0.5) * box["rows"]
        return self.vector("center") + (right * across + down * downwards) * scale

    def picture(self) -> NDArray[np.uint8]:
        """Return what was drawn, without lines and words: (rows, columns, 3)."""
        self.ready()
        encoded = self.element.locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded.partition(",")[2]))).convert("RGB"))

    def colour_at(self, world: Vector | tuple[float, float, float]) -> NDArray[np.int64]:
        """Return the colour drawn at the pixel nearest to a point of the patient."""
        picture, box = self.picture(), self.box()
        x, y = self.point_of(world)
        row = int((y - box["y"]) / box["height"] * picture.shape[0])
        column = int((x - box["x"]) / box["width"] * picture.shape[1])
        colour: NDArray[np.int64] = picture[row, column].astype(np.int64)
        return colour


class Planes:
    """The three planes of an open study."""

    def __init__(self, page: Page, study: SyntheticStudy, series_uid: str = "") -> None:
        self.page = page
        self.viewer = ViewerPage(page)
        self.viewer.open(study, series_uid=series_uid)
        self.axial, self.sagittal, self.coronal = (Plane(page, name) for name in ("axial", "sagittal", "coronal"))
        self.viewer.press("Shift+M")

    def ready(self) -> Planes:
        """Wait until all are drawn."""
        for plane in (self.axial, self.sagittal, self.coronal):
            plane.ready()
        return self

    def click(self, plane: Plane, world: tuple[float, float, float]) -> Vector:
        """Bring the crosshair to the point of the page nearest to a point of the patient; return what was met."""
        x, y = plane.point_of(world)
        point = (round(x), round(y))
        met = plane.world_of(point)
        self.page.mouse.click(*point)
        wait_for(lambda: np.allclose(plane.vector("crosshair"), met, atol=0.01), f"the crosshair at {met}")
        self.ready()
        return met

    def set_number(self, label: str, value: float) -> None:
        """Type a number into the bar."""
        field = self.page.get_by_role("spinbutton", name=label)
        field.fill(str(value))
        field.press("Tab")

    def notice(self) -> Locator:
        """Return the message in place of the volume."""
        return self.page.locator(".viewer-volume-notice")
