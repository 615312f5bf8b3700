/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A real TURN server (Debian's coturn) on loopback, on free ports, with a certificate made for it.
 * Ends with the test, however that ends. */

#include <gio/gio.h>

#define COTURN_USER "alice"
#define COTURN_PASSWORD "correct horse"

typedef struct
{
  GSubprocess *process;
  GInputStream *output;
  GString *log; /* what it has said so far */
  char buffer[4096];
  gboolean ended;
  char *directory;
  char *certificate;       /* PEM, its own authority: for localhost */
  char *other_certificate; /* of somebody else */
  guint16 port;            /* UDP and TCP */
  guint16 tls_port;
} Coturn;

/* Returns FALSE, and skips the test, where there is no coturn. */
gboolean coturn_start (Coturn *self);
void coturn_stop (Coturn *self);
/* How often text is in the log. */
guint coturn_count (Coturn *self, const char *text);
