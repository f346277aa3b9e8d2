"""Canaille with one person, who has a password and an app. Run by its own interpreter:

build/provider/bin/python tests/signin/canaille_server.py PORT LOGIN EMAIL PASSWORD TOKEN
"""

import asyncio
import datetime
import sys

from canaille import create_app  # type: ignore[import-not-found]  # of another venv
from canaille.app import models  # type: ignore[import-not-found]
from canaille.backends import Backend  # type: ignore[import-not-found]
from hypercorn.asyncio import serve  # type: ignore[import-not-found]
from hypercorn.config import Config  # type: ignore[import-not-found]
from joserfc.jwk import RSAKey

port, login, email, password, token = sys.argv[1:6]
key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
app = create_app(
    {
        "SECRET_KEY": "for tests",
        "SERVER_NAME": f"localhost:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {
            "DATABASE": "memory",
            "NAME": "Ash Billing",
            "AUTHENTICATION_FACTORS": ["password", "otp"],
            "OTP_METHOD": "TOTP",
            "LOGGING": {"version": 1},
        },
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [key.as_dict(private=True)],
            "DYNAMIC_CLIENT_REGISTRATION_OPEN": True,
            "TRUSTED_DOMAINS": ["localhost"],
        },
    }
)
with app.app_context():
    Backend.instance.save(
        models.User(
            user_name=login,
            formatted_name="Alice of Ash",
            family_name="Ash",
            emails=[email],
            password=password,
            secret_token=token,
            # Without a first time Canaille would set the app up anew.
            last_otp_login=datetime.datetime.now(datetime.UTC),
        )
    )
config = Config()
config.bind = [f"127.0.0.1:{port}"]
asyncio.run(serve(app, config))
