"""Visitors of the demo: they create sessions, look how far these are, and leave.

Of five tasks three create a professional session, one an enterprise session, and one asks for the
status of the visitor's session. `LEVAIN_LOAD_DELETE` says what becomes of a session whose visitor
goes on to another:

    end    it is left; the last one is deleted when the visitor leaves (the default)
    each   it is deleted before the next one is created
    never  it is left, and so is the last one: all of them expire

A session counts only where it is answered with 200 and READY. See README.md beside this file.
"""

import os

from locust import HttpUser, between, task

CHOICES = ("each", "end", "never")
DELETE = os.environ.get("LEVAIN_LOAD_DELETE", "end")
if DELETE not in CHOICES:
    # A misspelt choice must not pass for another load.
    raise SystemExit(f"LEVAIN_LOAD_DELETE is `{DELETE}`, and not one of {', '.join(CHOICES)}")

# Longer than any answer may take; a request that is not answered by then is a failure.
TIMEOUT_SECONDS = 30


class Visitor(HttpUser):
    """Somebody who looks at the demo."""

    wait_time = between(1, 3)

    def on_start(self):
        """Nothing is there yet."""
        self.session_id = None

    def on_stop(self):
        """Leaves; the last session goes with its visitor, unless it is to expire."""
        if DELETE != "never":
            self.delete_session()

    @task(3)
    def create_professional_session(self):
        """A bakery of one's own."""
        self.create_session("professional")

    @task(1)
    def create_enterprise_session(self):
        """A workshop with its outlets."""
        self.create_session("enterprise")

    @task(1)
    def get_session_status(self):
        """How far the session is, where there is one."""
        if self.session_id is None:
            return
        self.client.get(
            f"/api/demo/sessions/{self.session_id}/status",
            name="/api/demo/sessions/[id]/status",
            timeout=TIMEOUT_SECONDS,
        )

    def create_session(self, account):
        """Creates a session, which must be READY at once."""
        if DELETE == "each":
            self.delete_session()
        with self.client.post(
            "/api/demo/sessions",
            json={"demo_account_type": account},
            name=f"/api/demo/sessions {account}",
            timeout=TIMEOUT_SECONDS,
            catch_response=True,
        ) as response:
            if response.status_code != 200:
                # Status 0 is no answer at all; then the error says why.
                why = response.error or response.text[:200]
                response.failure(f"not created: {response.status_code} {why}")
                return
            session = response.json()
            self.session_id = session["session_id"]
            if session["status"] != "READY":
                response.failure(f"not READY: {session['status']}")

    def delete_session(self):
        """Deletes the visitor's session, where there is one."""
        if self.session_id is None:
            return
        self.client.delete(
            f"/api/demo/sessions/{self.session_id}",
            name="/api/demo/sessions/[id]",
            timeout=TIMEOUT_SECONDS,
        )
        self.session_id = None
