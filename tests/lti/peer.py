"""A platform over lti1p3platform, which others wrote; runs in an environment of its own.

`python peer.py <tool's origin>` serves one course at a free port and prints its address. What the
library does (checks, tokens, claims, services) is the library's; what stands here is storage and
the way from Flask to it and back.
"""

# mypy: disable-error-code="misc"
import itertools
import json
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from flask import Flask, Response, redirect, request
from lti1p3platform.exceptions import LineItemNotFoundException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.membership import Context
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import AssignmentsGradesService, NamesRoleProvisioningService
from werkzeug.serving import make_server

ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
PEOPLE = {
    "ines": ("Inês Carvalho", ROLE + "Instructor"),
    "amara": ("Amara Okafor", ROLE + "Learner"),
    "linh": ("Linh Tran", ROLE + "Learner"),
}
ITEMS: dict = {}
SCORES: dict = {}
NUMBERS = itertools.count(1)
app = Flask(__name__)
tool = sys.argv[1]
server = make_server("127.0.0.1", 0, app, threaded=True)
here = f"http://127.0.0.1:{server.server_port}"


class Told(Request):
    def build_metadata(self, request):
        return {
            "method": request.method,
            "form_data": request.form.to_dict(),
            "get_data": request.args.to_dict(),
            "headers": request.headers,
            "content_type": request.content_type,
            "path": request.path,
            "json": request.get_json(silent=True, force=True) if request.data else None,
        }


class Platform(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, **kwargs):
        key = generate_private_key(65537, 2048)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._registration = (
            Registration()
            .set_iss(here)
            .set_client_id("coursecrew")
            .set_deployment_id("1")
            .set_oidc_login_url(f"{tool}/lti/login")
            .set_launch_url(f"{tool}/lti/launch")
            .set_deeplink_launch_url(f"{tool}/lti/launch")
            .set_tool_key_set_url(f"{tool}/lti/jwks")
            .set_platform_private_key(private.decode())
            .set_platform_public_key(public.decode())
        )

    def get_registration_by_params(self, **kwargs):
        return self._registration


PLATFORM = Platform()


class Login(OIDCLoginAbstract):
    def set_lti_message_hint(self, **kwargs):
        self._lti_message_hint = kwargs["hint"]

    def get_redirect(self, url):
        return redirect(url)


class Launch(LTIAdvantageMessageLaunchAbstract):
    def prepare_launch(self, preflight_response):
        person = preflight_response["login_hint"]
        name, role = PEOPLE[person]
        self.set_user_data(person, [role], full_name=name, email_address=f"{person}@example.org")
        self.set_launch_context_claim("water", ["CourseSection"], "Urban Water", "UW")
        self.set_ags(f"{here}/lineitems")
        self.set_nrps(f"{here}/members")
        if preflight_response["lti_message_hint"] == "choose":
            self.set_dl(f"{here}/chosen", "Urban Water", "", {"ltiResourceLink"})
        else:
            link, _, item = preflight_response["lti_message_hint"].partition(" ")
            self.set_resource_link_claim(link, title="Cut water loss")
            self.set_custom_parameters_claim({"coursecrew_item": item} if item else {})

    def render_launch_form(self, launch_data, **kwargs):
        return Response(json.dumps(launch_data), content_type="application/json")


class Grades(AssignmentsGradesService):
    def find_lineitems(
        self, page=1, limit=None, line_item_id=None, resource_link_id=None, resource_id=None, tag=None
    ):
        wanted = {"resourceLinkId": resource_link_id, "resourceId": resource_id, "tag": tag}
        found = [i for i in ITEMS.values() if all(i.get(n) == v for n, v in wanted.items() if v)]
        return {"content": found, "has_next": False}

    def find_lineitem(self, line_item_id):
        if line_item_id not in ITEMS:
            raise LineItemNotFoundException()
        return ITEMS[line_item_id]

    def create_lineitem(self, creation_data):
        id = str(next(NUMBERS))
        ITEMS[id] = {**creation_data, "id": f"{here}/lineitems/{id}"}
        return ITEMS[id]

    def update_lineitem(self, update_data):
        raise LineItemNotFoundException()

    def delete_lineitem(self, line_item_id):
        raise LineItemNotFoundException()

    def update_score(self, line_item_id, score):
        self.find_lineitem(line_item_id)
        kept = SCORES.setdefault((line_item_id, score["userId"]), [])
        if kept and kept[-1]["timestamp"] >= score["timestamp"]:
            return UpdateScoreStatus.OLD_TIMESTAMP
        kept.append(score)
        return UpdateScoreStatus.SUCCESS

    def get_results(self, line_item_id, page=1, limit=None, user_id=None):
        return {"content": [], "has_next": False}


class Members(NamesRoleProvisioningService):
    def get_member_data_page(self, page=1, limit=None, role=None, since=None):
        people = [{"user_id": id, "name": name, "roles": [role]} for id, (name, role) in PEOPLE.items()]
        return {"content": people, "has_next": False}

    def get_context_by_id(self):
        return Context("water", "UW", "Urban Water")


def answer(done):
    result = (
        done.result["content"] if isinstance(done.result, dict) and "content" in done.result else done.result
    )
    body = "" if result is None else json.dumps(result)
    return Response(body, done.code, content_type=done.media_type)


@app.get("/start")
def start():
    login = Login(Told(request), PLATFORM)
    login.set_lti_message_hint(hint=request.args["hint"])
    return login.initiate_login(request.args["person"])


@app.get("/auth")
def auth():
    return Launch(Told(request), PLATFORM).lti_launch()


@app.get("/jwks")
def jwks():
    return PLATFORM.get_jwks()


@app.post("/token")
def token():
    return PLATFORM.get_access_token(request.form.to_dict())


@app.post("/chosen")
def chosen():
    return PLATFORM.validate_deeplinking_resp(request.form.to_dict())


@app.route("/lineitems", methods=["GET", "POST"])
def lineitems():
    service = Grades(Told(request), PLATFORM, f"{here}/lineitems")
    handle = service.handle_get_lineitems if request.method == "GET" else service.handle_create_lineitem
    return answer(service.handle_resp(handle))


@app.post("/lineitems/<id>/scores")
def scores(id):
    service = Grades(Told(request), PLATFORM, f"{here}/lineitems", f"{here}/lineitems/{id}")
    return answer(service.handle_resp(service.handle_update_score, line_item_id=id))


@app.get("/members")
def members():
    service = Members(Told(request), PLATFORM, f"{here}/members")
    return answer(service.handle_resp(service.handle_get_members))


@app.get("/gradebook")
def gradebook():
    return {"items": ITEMS, "scores": {f"{item} {person}": kept for (item, person), kept in SCORES.items()}}


print(here, flush=True)
server.serve_forever()
