"""The words of the way in, of paying, and of what every page has. English, then Spanish."""

WORDS: dict[str, tuple[str, str]] = {
    # every page
    "site": ("Patient payments", "Pagos de pacientes"),
    "skip": ("Skip to the content", "Ir al contenido"),
    "language": ("Language", "Idioma"),
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
    # a one-time code
    "code.title": ("Confirm that it is you", "Confirme que es usted"),
    "code.why": (
        "We send a code of six digits to the contact that the office has verified. It is good for 10"
        " minutes.",
        "Enviamos un código de seis cifras al contacto que la oficina verificó. Vale por 10 minutos.",
    ),
    "code.how": ("How shall we send it?", "¿Cómo lo enviamos?"),
    "code.by_email": ("By e-mail", "Por correo electrónico"),
    "code.by_text": ("By text message", "Por mensaje de texto"),
    "code.send": ("Send the code", "Enviar el código"),
    "code.none": (
        "We have no verified e-mail address or phone for you. Please call the office: they can verify"
        " one with you.",
        "No tenemos un correo o teléfono verificado de usted. Por favor llame a la oficina: allí pueden"
        " verificar uno con usted.",
    ),
    "code.not_sent": (
        "No code could be sent there. Choose another way, or call the office.",
        "No se pudo enviar un código allí. Elija otra forma o llame a la oficina.",
    ),
    "code.check": ("Type the code", "Escriba el código"),
    "code.sent": (
        "The code is on its way. Keep this page open.",
        "El código está en camino. Deje esta página abierta.",
    ),
    "code.digits": ("Code of six digits", "Código de seis cifras"),
    "code.wrong": (
        "That is not the code, or it is not good any more. Check it, or ask for a new one.",
        "Ese no es el código, o ya no vale. Revíselo o pida uno nuevo.",
    ),
    "code.again": ("Send a new code", "Enviar un código nuevo"),
    # what is owed, and paying it
    "owed.title": ("Your balance", "Su saldo"),
    "owed.bill": ("Bill {number}", "Factura {number}"),
    "owed.due": ("Please pay by {day}", "Pague antes del {day}"),
    "owed.now": ("You owe now", "Usted debe ahora"),
    "owed.nothing": ("Nothing is owed now. Thank you.", "Ahora no se debe nada. Gracias."),
    "owed.little": (
        "This is less than a card payment can be. You need not pay it here.",
        "Esto es menos de lo que se puede pagar con tarjeta. No hace falta pagarlo aquí.",
    ),
    "owed.under_way": (
        "{amount} is on its way: your bank has not answered yet. You need not pay it again.",
        "{amount} están en camino: su banco aún no ha respondido. No hace falta pagar otra vez.",
    ),
    "owed.how": ("How much do you want to pay?", "¿Cuánto quiere pagar?"),
    "owed.whole": ("All of it: {amount}", "Todo: {amount}"),
    "owed.part": ("A part of it", "Una parte"),
    "owed.part_amount": ("Amount in dollars", "Monto en dólares"),
    "owed.pay": ("Go to payment", "Ir al pago"),
    "owed.partner": (
        "You pay on the page of our payment partner. Your card number is never seen by us.",
        "Usted paga en la página de nuestro socio de pagos. Nosotros nunca vemos el número de su tarjeta.",
    ),
    "owed.no_amount": (
        "Type an amount in dollars, such as 25 or 25.50.",
        "Escriba un monto en dólares, por ejemplo 25 o 25.50.",
    ),
    "owed.bad_amount": (
        "That is more than is owed now, or too little for a card. Look at the amount and try again.",
        "Eso es más de lo que se debe ahora o muy poco para una tarjeta. Revise el monto e intente otra vez.",
    ),
    "owed.begun": (
        "Somebody began to pay this a moment ago, with another amount. Finish that payment, or wait a"
        " little and try again.",
        "Alguien empezó a pagar esto hace un momento, con otro monto. Termine ese pago, o espere un poco"
        " e intente otra vez.",
    ),
    "owed.cannot": (
        "This practice cannot take card payments here right now. Please call the office.",
        "Este consultorio no puede cobrar con tarjeta aquí en este momento. Por favor llame a la oficina.",
    ),
    "owed.more": ("See what it is for", "Ver de qué es"),
    "owed.more_why": (
        "To see your bills in detail, confirm that it is you with a code we send you.",
        "Para ver sus facturas en detalle, confirme que es usted con un código que le enviamos.",
    ),
    "pay.title": ("On to payment", "Al pago"),
    "pay.why": (
        "You are led to the page of our payment partner. If nothing happens, use this link.",
        "Le llevamos a la página de nuestro socio de pagos. Si no pasa nada, use este enlace.",
    ),
    "pay.go": ("Go to the payment page", "Ir a la página de pago"),
    "paid.started": ("Not paid yet", "Aún no pagado"),
    "paid.started.why": (
        "We have not heard of this payment yet. If you have just paid, look again in a moment. If you did"
        " not finish it, you can go on with it: you will not pay twice.",
        "Aún no sabemos nada de este pago. Si acaba de pagar, mire otra vez en un momento. Si no lo"
        " terminó, puede continuar: no pagará dos veces.",
    ),
    "paid.processing": ("Payment on its way", "Pago en camino"),
    "paid.processing.why": (
        "Your bank has not answered yet. That can take some days; you need not do anything.",
        "Su banco aún no ha respondido. Puede tardar unos días; no tiene que hacer nada.",
    ),
    "paid.unknown": ("We are asking the bank", "Estamos preguntando al banco"),
    "paid.unknown.why": (
        "We do not know yet whether this payment went through. Do not pay again: look here in a few"
        " minutes.",
        "Aún no sabemos si este pago se realizó. No pague otra vez: mire aquí en unos minutos.",
    ),
    "paid.succeeded": ("Paid. Thank you.", "Pagado. Gracias."),
    "paid.succeeded.why": ("We received your payment.", "Recibimos su pago."),
    "paid.failed": ("The payment did not go through", "El pago no se realizó"),
    "paid.failed.why": (
        "Nothing was charged. Try again, or with another card.",
        "No se cobró nada. Intente otra vez o con otra tarjeta.",
    ),
    "paid.expired": ("Not paid", "No pagado"),
    "paid.expired.why": (
        "The payment page ended before it was used. Nothing was charged.",
        "La página de pago terminó antes de usarse. No se cobró nada.",
    ),
    "paid.part_refunded": ("Partly paid back", "Devuelto en parte"),
    "paid.part_refunded.why": (
        "A part of this payment was paid back to you.",
        "Se le devolvió una parte de este pago.",
    ),
    "paid.refunded": ("Paid back", "Devuelto"),
    "paid.refunded.why": ("This payment was paid back to you.", "Se le devolvió este pago."),
    "paid.disputed": ("Questioned at your bank", "En disputa en su banco"),
    "paid.disputed.why": (
        "You told your bank that something is wrong with this payment. Call the office about it.",
        "Usted dijo a su banco que algo está mal con este pago. Llame a la oficina.",
    ),
    "paid.voided": ("Taken back", "Anulado"),
    "paid.voided.why": ("The office took this payment back.", "La oficina anuló este pago."),
    "paid.again": ("Go on with this payment", "Continuar con este pago"),
    "paid.try": ("Try again", "Intentar otra vez"),
    "paid.look": ("Look again", "Mirar otra vez"),
    "paid.receipt": ("Receipt", "Recibo"),
    "paid.balance": ("Back to your balance", "Volver a su saldo"),
    "paid.late": ("Thank you", "Gracias"),
    "paid.late.why": (
        "Your session here has ended. If your payment went through, it is on your account, and you get a"
        " receipt if you asked for one. Open the link or code of your bill again to look.",
        "Su sesión aquí terminó. Si su pago se realizó, está en su cuenta y recibirá un recibo si lo"
        " pidió. Abra otra vez el enlace o el código de su factura para ver.",
    ),
    "receipt.title": ("Receipt", "Recibo"),
    "receipt.from": ("From", "De"),
    "receipt.amount": ("Amount paid", "Monto pagado"),
    "receipt.day": ("Day", "Día"),
    "receipt.number": ("Payment number", "Número de pago"),
    "receipt.refunded": ("Paid back", "Devuelto"),
    "receipt.credit": ("Kept as your credit", "Queda a su favor"),
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
