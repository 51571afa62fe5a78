"""The addresses of the shop."""

from django.urls import path
from django.views.generic import RedirectView

from orders import views

app_name = "orders"

urlpatterns = [
    path("", views.home, name="home"),
    path("orders", views.place_order, name="place"),
    path("orders/new", views.new_order, name="new"),
    path("orders/<int:pk>", views.show_order, name="detail"),
    path("orders/<int:pk>/status", views.order_status, name="status"),
    # As people type them.
    path("orders/", RedirectView.as_view(pattern_name="orders:place", permanent=True)),
    path("orders/new/", RedirectView.as_view(pattern_name="orders:new", permanent=True)),
]
