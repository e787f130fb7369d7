"""Synthetic DICOM objects for tests; ``python -m tests.data FOLDER`` writes them as files.

phantoms: images of known geometry and values; encodings: one image in every transfer syntax that can be made here;
names: patients in many character sets; documents: a structured report and a PDF; broken: what must not be taken for
sound; folder: all of it as files. No patient was ever involved.
"""
