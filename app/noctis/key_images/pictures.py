"""Key images as pictures, for reports and prints: rendered here, in the window that their reader saw."""

from __future__ import annotations

from noctis.dicomweb.rendering import PictureFormat, render_frame
from noctis.key_images.models import KeyImage


def picture_of(image: KeyImage, longest_side: int, picture_format: PictureFormat = "PNG") -> bytes:
    """Return a key image as PNG or JPEG of at most ``longest_side`` pixels a side, without words over it.

    Raises UnreadableInstance where the frame cannot be decoded, NoSuchResource where there is none.
    """
    return render_frame(image.instance, image.frame_number, longest_side, image.window, picture_format)
