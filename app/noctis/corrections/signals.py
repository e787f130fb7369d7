"""What corrections announce."""

from django.dispatch import Signal

# Before a plan is shown or carried out. Arguments: plan, a noctis.corrections.plans.Plan, to whose warnings and
# obstacles a receiver may add.
plan_made = Signal()

# Within the transaction. Arguments: sop_instance_uids, source and target: instances that are in another Study now.
instances_moved = Signal()
