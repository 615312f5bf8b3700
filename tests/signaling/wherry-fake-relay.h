/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The relay's interface without a relay behind: it keeps members in rooms, writes down what it is
 * asked, and lets a test say what members hear. Linked in place of the real one. */

#include "relay/wherry-relay-hub.h"

G_BEGIN_DECLS

WherryRelayHub *wherry_fake_relay_new (void);
void wherry_fake_relay_free (WherryRelayHub *relay);
WherryRelayConfig *wherry_fake_relay_config (WherryRelayHub *relay);
/* What members were asked to do since the last call, as "ID: WORDS\n". (transfer full) */
char *wherry_fake_relay_take_log (WherryRelayHub *relay);
guint wherry_fake_relay_get_n_members (WherryRelayHub *relay);
/* The next join or call fails with code; WHERRY_SIGNAL_ERROR_NONE: it does not. */
void wherry_fake_relay_fail_next (WherryRelayHub *relay, WherrySignalError code);
/* The i-th member since the start; NULL: it is gone. */
WherryRelayMember *wherry_fake_relay_member (WherryRelayHub *relay, guint i);
void wherry_fake_member_describe (WherryRelayMember *member, WherrySdpType type, const char *sdp);
void wherry_fake_member_candidate (WherryRelayMember *member, const char *candidate);
void wherry_fake_member_end_candidates (WherryRelayMember *member);
void wherry_fake_member_open_notices (WherryRelayMember *member);
void wherry_fake_member_refuse (WherryRelayMember *member, WherryPeerRequest request, int code,
                                const char *message);
void wherry_fake_member_answered (WherryRelayMember *member);
void wherry_fake_member_offend (WherryRelayMember *member, WherrySignalError code);
void wherry_fake_member_lose_address (WherryRelayMember *member);

G_END_DECLS
