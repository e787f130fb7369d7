"""The DICOM vocabulary: pure functions and facts, without Django and without input or output."""
