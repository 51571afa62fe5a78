"""The shop of the worked example.

It has products, orders, and the jobs that complete an order in the background.
"""
