"""The lengths of text columns, in one place so that the models agree.

Nothing but the models uses them.
"""

#: The longest text in an e-mail address, a name or an id of another company.
SHORT_TEXT = 254
