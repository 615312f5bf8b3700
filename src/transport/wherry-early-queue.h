/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Packets that came before anybody could take them (DTLS before ICE is up, SCTP before DTLS is up),
 * capped by WHERRY_EARLY_PACKETS_MAX and WHERRY_EARLY_BYTES_MAX: what does not fit is dropped and
 * counted, the protocol above sends it again. Embedded in its owner. Thread: owner */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  GQueue packets; /* of GBytes */
  gsize bytes;
} WherryEarlyQueue;

void wherry_early_queue_init (WherryEarlyQueue *self);
/* Frees what is held; usable again. */
void wherry_early_queue_clear (WherryEarlyQueue *self);
/* Copies the packet. FALSE: full, WHERRY_COUNTER_EARLY_DROPPED rose. */
gboolean wherry_early_queue_push (WherryEarlyQueue *self, const guint8 *data, gsize length);
/* The oldest (transfer full), or NULL. */
GBytes *wherry_early_queue_pop (WherryEarlyQueue *self);
gboolean wherry_early_queue_is_empty (const WherryEarlyQueue *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WherryEarlyQueue, wherry_early_queue_clear)

G_END_DECLS
