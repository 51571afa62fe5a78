"""The order form: a `ModelForm` whose errors are the model's own sentences."""

from typing import Any, ClassVar

from django import forms
from django.forms.models import ModelChoiceIteratorValue

from orders.models import Order, Product


class ProductSelect(forms.Select):
    """A select that carries price and stock of each product.

    The script that shows the total reads them.
    """

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the option, with `data-price-cents` and `data-left` if it is a product."""
        option = super().create_option(name, value, *args, **kwargs)
        if isinstance(value, ModelChoiceIteratorValue):
            product: Product = value.instance  # type: ignore[attr-defined]  # missing in the stubs
            option["attrs"] |= {
                "data-price-cents": product.price_cents,
                "data-left": product.quantity_remaining,
            }
        return option


class OrderForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What a customer tells us about an order.

    Fields carry Django's plain names: product, quantity, email, address.
    """

    product = forms.ModelChoiceField(
        queryset=Product.objects.available().order_by("name"),
        empty_label="-- Choose Product --",
        widget=ProductSelect,
    )
    # Empty fields come back with our sentences; the browser's own would stand in their way.
    use_required_attribute = False

    class Meta:
        model = Order
        fields: ClassVar = ["product", "quantity", "email", "address"]
        labels: ClassVar = {"address": "Shipping Address"}
        widgets: ClassVar = {
            "email": forms.EmailInput(
                attrs={"autocomplete": "email", "placeholder": "you@example.com"}
            ),
            "address": forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Speak with the model's messages."""
        super().__init__(*args, **kwargs)
        self.fields["quantity"].widget.attrs["min"] = 1
        for field in Order._meta.fields:
            if field.name in self.fields:
                self.fields[field.name].error_messages |= field.error_messages

    def clean(self) -> dict[str, Any]:
        """Refuse everything while there is nobody to buy.

        Only a shop without its sample data is like that.
        """
        if self.instance.customer_id is None:
            raise forms.ValidationError("The shop is not open yet: run manage.py load_sample_data")
        return self.cleaned_data

    @property
    def sentences(self) -> list[str]:
        """Return every error, in the order of the fields."""
        return [str(sentence) for sentences in self.errors.values() for sentence in sentences]
