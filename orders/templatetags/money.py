"""The filter that writes an amount of money."""

from django import template

register = template.Library()


@register.filter
def money(cents: int) -> str:
    """Write US cents as dollars: 567800 becomes $5,678.00."""
    return f"${cents / 100:,.2f}"
