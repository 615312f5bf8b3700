/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Credentials for a TURN server that shares a secret with us, good for a while and for whoever has
 * them: draft-uberti-behave-turn-rest-00 section 2.2, coturn's use-auth-secret. Thread: any */

#include "wire/wherry-signal.h"

G_BEGIN_DECLS

typedef struct
{
  const char *secret;
  gint64 lifetime_us;
} WherryTurnRest;

/* now_us, until_us: since 1970. They end with the lifetime or at until_us (-1: no end), which is
 * first. who: a token's subject or a member's id, without a meaning for the server but in its log.
 * username, credential: (out) (transfer full) */
void wherry_turn_rest_make (const WherryTurnRest *self, const char *who, gint64 now_us,
                            gint64 until_us, char **username, char **credential);

G_END_DECLS
