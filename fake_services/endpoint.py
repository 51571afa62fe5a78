"""The gate that every API request passes, and the endpoints that all services have.

Order: Accept (406), JSON body (422), slow, throttle (429), crash before the work (503 or 504), the
work, crash after the work (503, answer lost). A service's own endpoints subclass `Endpoint` and
hold only the work.
"""

import random
from time import sleep
from typing import ClassVar

from django.forms import model_to_dict
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from fake_services.body import BadBody, Body, read_body
from fake_services.forms import behavior_form, switches_of
from fake_services.misbehavior import Misbehavior
from fake_services.models.behavior import When
from fake_services.service import Service


class Endpoint(View):
    """Let a request through the gate to the method that does the work.

    That method finds the JSON of the request in `self.body`.
    """

    #: Whether the misbehavior of its service reaches this endpoint.
    misbehaves: ClassVar[bool] = True
    body: Body

    @method_decorator(csrf_exempt)
    def dispatch(self, request: HttpRequest, service: Service) -> HttpResponseBase:
        """Check the request, then work on it, well or badly."""
        if not (request.accepts("application/json") or request.accepts("text/html")):
            return _refusal(406, "Accept must allow JSON or HTML")
        try:
            self.body = read_body(request)
        except BadBody as error:
            return _refusal(422, str(error))
        if not self.misbehaves:
            return super().dispatch(request, service=service)
        return self._misbehave(Misbehavior.of(request, service, self.body), request, service)

    def _misbehave(
        self, misbehavior: Misbehavior, request: HttpRequest, service: Service
    ) -> HttpResponseBase:
        sleep(misbehavior.sleep_seconds)
        if misbehavior.throttle:
            return _refusal(429, "too many requests")
        if misbehavior.crash is When.BEFORE:
            return _refusal(random.choice((503, 504)), "crashed before the work")
        answer = super().dispatch(request, service=service)
        if misbehavior.crash is When.AFTER:
            return _refusal(503, "crashed after the work")
        return answer


class Status(Endpoint):
    """Tell that the service is up, and how it is told to behave."""

    misbehaves: ClassVar[bool] = False

    def get(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Return the switches."""
        return JsonResponse(service.behavior().as_json())


class Switches(Endpoint):
    """Let a program switch the behavior, as the form lets a person."""

    misbehaves: ClassVar[bool] = False

    def put(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Store these switches and return what is in force.

        A switch that is not named goes back to its default. One that does not exist is refused: a
        slip of the pen must not leave a service crashing for ever.
        """
        known = switches_of(service)
        if unknown := sorted(self.body.keys() - set(known)):
            return _refusal(422, f"no such switch: {', '.join(unknown)}; try {', '.join(known)}")
        form = behavior_form(service, {**model_to_dict(service.default_behavior()), **self.body})
        if not form.is_valid():
            return JsonResponse({"error": form.errors.get_json_data()}, status=422)
        return JsonResponse(service.behave(form.cleaned_data).as_json())


class Records(Endpoint):
    """Hold everything the service remembers."""

    def delete(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Forget all of it."""
        service.record.everything().delete()
        return JsonResponse({})


def _refusal(status: int, error: str) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)
