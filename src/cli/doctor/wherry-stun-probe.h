/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One question to one address, and what came of it: a Binding of STUN, an allocation of TURN, which
 * is given back, or a check as an ICE agent sends it. On the thread-default main context. */

#include "cli/doctor/wherry-stun-socket.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_STUN_QUESTION_BINDING,
  WHERRY_STUN_QUESTION_ALLOCATE,
  WHERRY_STUN_QUESTION_CHECK, /* RFC 8445 section 7.2.2 */
} WherryStunQuestion;

typedef enum
{
  WHERRY_STUN_OUTCOME_NONE, /* not yet */
  WHERRY_STUN_OUTCOME_ANSWERED,
  WHERRY_STUN_OUTCOME_SILENT,
  WHERRY_STUN_OUTCOME_UNREACHABLE,    /* the system, ICMP, TCP or TLS says so */
  WHERRY_STUN_OUTCOME_NOT_STUN,       /* something else answers */
  WHERRY_STUN_OUTCOME_REFUSED,        /* code, reason */
  WHERRY_STUN_OUTCOME_WRONG_PASSWORD, /* code: 401 or 441 to what was shown */
  WHERRY_STUN_OUTCOME_NO_PASSWORD,    /* it wants one, and there is none */
  WHERRY_STUN_OUTCOME_FORGED,         /* the answer's integrity is not the server's */
  WHERRY_STUN_OUTCOME_UNRESOLVED,     /* its name has no address; never of a probe */
} WherryStunOutcome;

typedef struct
{
  WherryStunQuestion question;
  WherryStunTransport transport;
  char *url; /* whose it is, for people */
  char *remote;
  char *local; /* NULL: no socket could be opened */
  WherryStunOutcome outcome;
  char *transaction; /* of the question that settled it, 24 hexadecimal digits; NULL: none left */
  guint tries;
  guint code;    /* of STUN, 0: none */
  char *text;    /* the reason of a refusal, or what the system says; NULL: nothing */
  int system;    /* the code in G_IO_ERROR, where text is the system's; -1: none */
  char *mapped;  /* as the other side sees us */
  char *relayed; /* what was allocated, for a moment */
  char *realm;
  char *software;
  guint lifetime; /* seconds, of the allocation */
  gint64 round_trip_us;
} WherryStunFinding;

void wherry_stun_finding_free (WherryStunFinding *self);
const char *wherry_stun_transport_name (WherryStunTransport transport);

typedef struct
{
  WherryStunQuestion question;
  WherryStunTransport transport;
  const char *url;
  const char *host;     /* whose certificate it must be; NULL: none */
  const char *username; /* NULL: none. Of a check: theirs, ":", ours */
  const char *password;
  GInetAddress *local; /* NULL: any */
} WherryStunTarget;

typedef struct _WherryStunProbe WherryStunProbe;

/* target: read now. Its finding has an outcome in the end, by itself. */
WherryStunProbe *wherry_stun_probe_new (const WherryStunTarget *target,
                                        GInetSocketAddress *address);
/* (transfer none) */
const WherryStunFinding *wherry_stun_probe_get_finding (WherryStunProbe *self);
/* (transfer full); the probe is of no use afterwards */
WherryStunFinding *wherry_stun_probe_steal_finding (WherryStunProbe *self);
void wherry_stun_probe_free (WherryStunProbe *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryStunFinding, wherry_stun_finding_free)

G_END_DECLS
