"""Synthetic images whose geometry, values and demographics are known exactly: no patient was ever involved.

They are what `make run` shows and what the tests measure against. Every generator is deterministic: the same call
gives the same bytes and the same UIDs. Nothing here needs Django.

| module | gives |
| --- | --- |
| identity | the synthetic patients and studies |
| objects | a data set with the modules every IOD shares |
| shapes, texture, stamp | geometry in millimetres, noise, a number written into pixels |
| thorax | the body that CT and radiographs are made of; ``hu_at`` tells the truth at any point |
| ct, mr, ultrasound, angiography, radiography, captures | instances of each kind |
"""
