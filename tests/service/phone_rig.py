"""What the tests of softphones share: a rig whose controllers look after them."""

from controller_rig import Rig

from topcalls.controller.assembly import TrunkOptions
from topcalls.sandbox.freeswitch.directory import LoginRefused
from topcalls.sandbox.scenario import parse_scenario

PERSON = parse_scenario("name: p\ndescription: d\ncallee:\n- answer\n- silence: 60")


class PhoneRig(Rig):
    """Softphones are users of the double's directory."""

    def __init__(self, db, directory):
        super().__init__(db, directory)
        self.folder = directory / "switch"
        self.options["trunks"] = TrunkOptions(
            self.services.carriers, self.folder, softphones=self.services.softphones
        )
        self.switch.switch.read_files(self.folder)

    def add(self, extension="201", account=None, **fields):
        account_id = (account or self.account).account_id
        return self.services.softphones.create(account_id, {"extension": extension, **fields})

    def knows(self, phone):
        """The switch lets it in."""
        try:
            self.switch.switch.users.proved(phone.username, phone.password)
        except LoginRefused:
            return False
        return True

    def wait_known(self, phone):
        self.wait_until(lambda: self.knows(phone), "the user")

    def dial(self, phone, to):
        return self.switch.call_in(
            phone.username, to, PERSON, user=phone.username, password=phone.password
        )

    def files(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.xml"))
