/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a member is told first, by its socket or its channel for notices: joined, and members when
 * there are many. Thread: hub */

#include "relay/wherry-relay-hub.h"

G_BEGIN_DECLS

/* send: called for each frame; text: (transfer full). tid: (nullable) */
void wherry_joined_frames_write (WherryRelayHub *relay, WherryRelayMember *member, const char *tid,
                                 void (*send) (gpointer user_data, char *text), gpointer user_data);

G_END_DECLS
