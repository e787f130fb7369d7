"""Messages that something has gone wrong with: whatever is in them, they are read or refused."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from noctis.modality_worklist.hl7_message import Hl7Error, read_header, read_message
from noctis.modality_worklist.hl7_orders import orders_of
from noctis.modality_worklist.particulars import InvalidParticulars, cleaned
from noctis.modality_worklist.tests.hl7_messages import imaging_order, order

MESSAGES = (order(study="1.2.3"), imaging_order(({1: "A", 4: "S1", 5: "MR"}, {4: "S2", 5: "MR"})))
PIECES = st.one_of(st.binary(max_size=8), st.text('|^~\\&\r\nX4".', max_size=12).map(str.encode))
DAMAGE = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 30), PIECES), min_size=1, max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(MESSAGES), DAMAGE)
def test_a_damaged_message_is_read_or_refused(message, damage):
    for place, removed, inserted in damage:
        message = message[:place] + inserted + message[place + removed :]
    try:
        found = orders_of(read_message(message, read_header(message)))
        for step in (step for one in found for step in one.steps):
            if step.particulars is not None:
                cleaned(step.particulars)
    except (Hl7Error, InvalidParticulars):
        pass
