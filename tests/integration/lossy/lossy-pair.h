/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two whole stacks (channels on SCTP on DTLS) over a fake link that loses packets, in real time and
 * on the default context. Many of them run at once: what takes the time is waiting. */

#include "channel/wherry-channel-set.h"
#include "dtls/wherry-dtls-session.h"
#include "fixtures/wherry-fake-link.h"
#include "fixtures/wherry-wait.h"
#include "sctp/wherry-sctp-association.h"

/* What IPv6's smallest link leaves of a UDP datagram (RFC 8200 section 5): 1280 - 40 - 8. */
#define LOSSY_MTU_1280 1232u

typedef struct _LossyPair LossyPair;
typedef struct _LossyFlow LossyFlow;

typedef struct
{
  LossyPair *pair;
  WherryDtlsCertificate *certificate;
  WherryFakeLink *link;
  WherryDtlsSession *dtls;
  WherryStreamTransport *sctp;
  WherryChannelSet *set;
  gint64 secured_us; /* from the start until its DTLS session is up, as is_up() saw it */
  gint64 up_us;      /* the same of its association */
  char *ended;       /* NULL: it has not */
} LossySide;

struct _LossyPair
{
  char *name;
  WherryFakeLinkOptions options;
  LossySide a; /* DTLS client */
  LossySide b;
  GPtrArray *flows; /* of LossyFlow, borrowed; a channel's label is the index */
  gint64 start_us;
  guint too_large;
};

/* options are copied. Starts connecting. */
LossyPair *lossy_pair_new (const char *name, const WherryFakeLinkOptions *options);
gboolean lossy_pair_is_up (LossyPair *self);
/* From the start until both are up. */
gint64 lossy_pair_get_secured_us (LossyPair *self);
gint64 lossy_pair_get_up_us (LossyPair *self);
/* Asserts that everything is finalized. */
void lossy_pair_free (LossyPair *self);
