"""A mail server in a process of its own: prints its port, then each message it takes as JSON.

    python mail_server.py [tls|starttls CERTIFICATE]

It knows the user `ops` with the password `pass word`, and no mailbox `nobody@example.com`.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address == "nobody@example.com":
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode(),
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "signed_in": bool(session.authenticated),
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


def knows(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"ops" and data.password == b"pass word", handled=False)


async def main(security="none", certificate=None):
    options = {"authenticator": knows, "auth_require_tls": False}
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), **options),
        "127.0.0.1",
        0,
        ssl=context if security == "tls" else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
