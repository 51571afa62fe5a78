"""The companies that the shop calls over HTTP: payments, e-mail, fulfillment and the error catcher.

One client per company, over the common `ServiceClient`. Never call one inside a database transaction.
"""
