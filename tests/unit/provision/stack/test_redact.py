from ticketctl.provision.stack.redact import redactor


def test_every_secret_is_masked_the_longer_one_first() -> None:
    redact = redactor(["password", "password-of-root"])

    assert redact("a password-of-root b password c") == "a *** b *** c"


def test_signs_with_a_meaning_elsewhere_are_plain_text() -> None:
    assert redactor(["a.c(*)d"])("a.c(*)d abc()d") == "*** abc()d"


def test_short_values_would_mask_innocent_words() -> None:
    assert redactor(["", "on"])("on and on") == "on and on"
