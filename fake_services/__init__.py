"""Stand-ins for other companies' HTTP services, mounted under `/fake/`.

The shop reaches them by URL only and imports nothing from here; nothing here imports the shop.
"""
