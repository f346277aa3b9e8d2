"""The words of the way in, of paying, and of what every page has. English, then Spanish."""

WORDS: dict[str, tuple[str, str]] = {
    # every page
    "site": ("Patient payments", "Pagos de pacientes"),
    "skip": ("Skip to the content", "Ir al contenido"),
    "language": ("Language", "Idioma"),
    "main": ("Main", "Principal"),
    "sign_out": ("Sign out", "Cerrar sesión"),
    "back_to_start": ("Back to the start", "Volver al inicio"),
    "continue": ("Continue", "Continuar"),
    "print": ("Print this page from your browser.", "Imprima esta página desde su navegador."),
    # entering
    "enter.title": ("See and pay your bill", "Vea y pague su factura"),
    "enter.why": (
        "Your bill has a code beside the square picture. Type it here with the birth date of the person"
        " the bill is addressed to.",
        "Su factura tiene un código junto al cuadro con puntos. Escríbalo aquí con la fecha de"
        " nacimiento de la persona a quien está dirigida la factura.",
    ),
    "enter.code": ("Code on your bill", "Código de su factura"),
    "enter.code_hint": (
        "12 letters and numbers, like 7K4M-Q2XD-9TNB",
        "12 letras y números, como 7K4M-Q2XD-9TNB",
    ),
    "enter.wrong": (
        "That did not open anything. Check the code and the birth date. A link opens once, codes and"
        " links end after 30 days or after 5 wrong tries.",
        "Eso no abrió nada. Revise el código y la fecha de nacimiento. Un enlace se abre una sola vez;"
        " los códigos y enlaces terminan a los 30 días o después de 5 intentos equivocados.",
    ),
    "enter.no_date": (
        "Type the birth date as month, day and four-digit year.",
        "Escriba la fecha de nacimiento: mes, día y año de cuatro cifras.",
    ),
    "enter.no_code": (
        "Type the 12 letters and numbers of the code.",
        "Escriba las 12 letras y números del código.",
    ),
    "birth.title": ("Your birth date", "Su fecha de nacimiento"),
    "birth.why": (
        "To keep your bill private, type the birth date of the person the bill is addressed to.",
        "Para proteger su factura, escriba la fecha de nacimiento de la persona a quien está dirigida.",
    ),
    "birth.legend": ("Birth date", "Fecha de nacimiento"),
    "birth.month": ("Month", "Mes"),
    "birth.day": ("Day", "Día"),
    "birth.year": ("Year", "Año"),
    "link.title": ("Open your bill", "Abra su factura"),
    "link.why": (
        "This link was made for you. It opens once.",
        "Este enlace se hizo para usted. Se abre una sola vez.",
    ),
    "link.open": ("Open my bill", "Abrir mi factura"),
    "again.title": ("Get a new link", "Pedir un enlace nuevo"),
    "again.why": (
        "If your link has ended or was opened before, we can send you a new one.",
        "Si su enlace terminó o ya se abrió, podemos enviarle uno nuevo.",
    ),
    "again.ask": ("Send me a new link", "Envíenme un enlace nuevo"),
    "again.done": (
        "If this link was one of ours, a new one is on its way to the address or phone on file. If"
        " nothing comes, call the office.",
        "Si este enlace era nuestro, le enviamos uno nuevo a la dirección o al teléfono registrado. Si"
        " no llega nada, llame a la oficina.",
    ),
    # problems
    "problem.400": ("That could not be read", "No se pudo leer"),
    "problem.400.why": (
        "The page may be old. Go back, load it again, then repeat this.",
        "La página puede ser antigua. Regrese, cárguela otra vez y repita.",
    ),
    "problem.403": ("Not from here", "Desde aquí no"),
    "problem.403.why": (
        "The page is too old, or this came from somewhere else. Go back, load the page again, then"
        " repeat this.",
        "La página es muy antigua o esto vino de otro lugar. Regrese, cargue la página otra vez y"
        " repita.",
    ),
    "problem.404": ("Nothing here", "Aquí no hay nada"),
    "problem.404.why": ("There is nothing here for you.", "Aquí no hay nada para usted."),
    "problem.409": ("Not now", "Ahora no"),
    "problem.409.why": (
        "Something changed meanwhile. Look at your bill again.",
        "Algo cambió mientras tanto. Vea su factura otra vez.",
    ),
    "problem.429": ("Too many tries", "Demasiados intentos"),
    "problem.429.why": (
        "Wait {minutes} min, then try again.",
        "Espere {minutes} min e intente otra vez.",
    ),
    "problem.500": ("Our fault", "Es culpa nuestra"),
    "problem.500.why": (
        "Something went wrong here. Nothing was changed.",
        "Algo falló aquí. No se cambió nada.",
    ),
    "problem.503": ("Not reachable now", "No disponible ahora"),
    "problem.503.why": (
        "Try again in a moment. Nothing was changed.",
        "Intente otra vez en un momento. No se cambió nada.",
    ),
}
