/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who may come in: with keys, who has a token that one of them signed; without, whoever is on this
 * machine, or everybody if that was asked for in so many words. WebSockets and HTTP ask here, and
 * hand the grant to the relay, which asks it of rooms and topics. Thread: hub */

#include "base/wherry-clock.h"
#include "signaling/wherry-token-keys.h"
#include "wire/wherry-reason.h"

G_BEGIN_DECLS

typedef struct _WherryAdmission WherryAdmission;

/* Where a request comes from, as wherry-proxy-policy.h made it out. */
typedef struct
{
  const char *address; /* as text (nullable) */
  gboolean is_local;   /* a TCP peer on loopback, and no proxy has forwarded it */
} WherryOrigin;

typedef struct
{
  WherryTokenKeys *keys; /* (nullable): open; outlives it */
  gint64 skew_us;
  const char *audience; /* (nullable); copied */
  gboolean is_open;     /* without keys, who is not local may come too */
  WherryClock *clock;   /* (nullable): the system's */
} WherryAdmissionConfig;

WherryAdmission *wherry_admission_new (const WherryAdmissionConfig *config);
void wherry_admission_free (WherryAdmission *self);

/* Whether there are keys, so that a token is asked for. */
gboolean wherry_admission_has_keys (WherryAdmission *self);

/**
 * wherry_admission_check:
 * @token: (nullable): none was sent
 * @grant: (out) (transfer full): NULL where everything is granted
 * @code: (out): unauthorized or rate-limited when FALSE comes back
 * @text: (out) (transfer none): why, for the client: the same for every token that is not right
 */
gboolean wherry_admission_check (WherryAdmission *self, const WherryOrigin *origin,
                                 const char *token, WherryGrant **grant, WherrySignalError *code,
                                 const char **text);

/* For other secrets than tokens, by a like count of wrong ones: may_guess() before one is looked
 * at, note_wrong() when it was wrong. Who is local is not limited. */
gboolean wherry_admission_may_guess (WherryAdmission *self, const WherryOrigin *origin);
void wherry_admission_note_wrong (WherryAdmission *self, const WherryOrigin *origin);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryAdmission, wherry_admission_free)

G_END_DECLS
