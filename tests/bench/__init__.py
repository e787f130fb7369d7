"""A comparison of speed with Orthanc and DCMTK, for ``make bench``. It is no test: no time limit decides anything."""
