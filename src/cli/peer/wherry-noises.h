/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry.h"

G_BEGIN_DECLS

/*
 * The channels of `wherry peer`, its own and the other side's, each step of them logged (see
 * wherry-step-log.h). Main thread.
 */
typedef struct _WherryNoises WherryNoises;

/*
 * Makes cat-noises (negotiated, id 0, reliable, ordered) and, reliable and unordered, bear-noises
 * if @is_offering or else lion-noises. When they open, 8192 bytes are sent on the first one and
 * 16384 on the other. Thread: main
 */
WherryNoises *wherry_noises_new (WherryPeerConnection *connection, gboolean is_offering,
                                 GError **error);
void wherry_noises_free (WherryNoises *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryNoises, wherry_noises_free)
/*
 * Closes all of them in the order of their making; @closed is called from the main loop when the
 * last one is closed, or when the other side has not said so in time. Call it once. Thread: main
 */
void wherry_noises_close (WherryNoises *self, void (*closed) (gpointer user_data),
                          gpointer user_data);

G_END_DECLS
