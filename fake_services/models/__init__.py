"""What the fake services remember.

One table for each kind of record, and one that says how each service behaves.
"""

from fake_services.models.behavior import Behavior
from fake_services.models.charge import Charge
from fake_services.models.email import Email
from fake_services.models.fulfillment_request import FulfillmentRequest
from fake_services.models.notification import Notification
from fake_services.models.post import Post
from fake_services.models.record import Record

__all__ = ["Behavior", "Charge", "Email", "FulfillmentRequest", "Notification", "Post", "Record"]
