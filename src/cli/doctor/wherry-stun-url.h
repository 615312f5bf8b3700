/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "stun:HOST[:PORT]", "stuns:", "turn:HOST[:PORT][?transport=udp|tcp]", "turns:" (RFC 7064,
 * RFC 7065). Pure. */

#include "cli/doctor/wherry-stun-probe.h"

G_BEGIN_DECLS

typedef struct
{
  WherryStunQuestion question;
  WherryStunTransport transport;
  char *host; /* an IPv6 address without its brackets */
  guint16 port;
} WherryStunUrl;

/* FALSE: it is none, and nothing is set. */
gboolean wherry_stun_url_parse (WherryStunUrl *self, const char *text);
void wherry_stun_url_clear (WherryStunUrl *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherryStunUrl, wherry_stun_url_clear)

G_END_DECLS
