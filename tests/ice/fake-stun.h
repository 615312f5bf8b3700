/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A STUN server on loopback, on the default context, that says where a NAT would have put us. */

#include <gio/gio.h>

typedef struct
{
  GSocket *socket;
  GSource *source;
  guint16 port;
  guint8 mapped[4]; /* the address that it tells, with the port that it sees */
  guint error_code; /* instead, unless 0 */
  guint silent;     /* requests that it does not answer, at first */
  guint requests;
} FakeStun;

void fake_stun_start (FakeStun *self, const char *mapped);
void fake_stun_stop (FakeStun *self);
