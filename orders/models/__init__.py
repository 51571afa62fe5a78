"""The shop's tables, with comments and constraints in the database.

No model enqueues a job or calls a service.
"""

from orders.models.customer import Customer
from orders.models.day_figures import DayFigures
from orders.models.order import Order, OrderState
from orders.models.payment import Payment, PaymentState
from orders.models.product import Product

__all__ = ["Customer", "DayFigures", "Order", "OrderState", "Payment", "PaymentState", "Product"]
