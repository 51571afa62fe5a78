"""The shop of the worked example: products, orders, and the jobs that complete an order in the background."""
