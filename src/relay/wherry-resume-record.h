/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What lets a member come back after the process has ended: its record in the store, and a member
 * that is away made of one. Without a store none of this does anything. Thread: hub */

#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-store.h"

G_BEGIN_DECLS

/* A new token for it, told by wherry_relay_member_issue_resume(). TRUE: it is on its way to the
 * disk; wherry_relay_member_recorded() follows. */
gboolean wherry_resume_record_begin (WherryRelayMember *member);
/* It is connected: the token before is worth nothing any more. */
void wherry_resume_record_confirm (WherryRelayMember *member);
/* The record says what it says now; its token stays. */
void wherry_resume_record_update (WherryRelayMember *member);
/* It has left for good. */
void wherry_resume_record_delete (WherryRelayMember *member);

/* For the store's visitor, before the relay has members. FALSE: it is worth nothing any more. */
gboolean wherry_resume_restore (WherryRelayHub *relay, const WherryStoreResume *record);
/* Behind the topic's messages: those members that were on it. */
void wherry_resume_restore_topic (WherryRoomTopic *topic);

G_END_DECLS
