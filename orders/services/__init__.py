"""The companies that the shop calls over HTTP.

They are payments, e-mail, fulfillment and the error catcher. Each has a client, over the common
`ServiceClient`. Never call one inside a database transaction.
"""
