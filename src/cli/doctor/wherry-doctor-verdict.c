/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor.h"
#include "cli/wherry-json-line.h"

/* From what was seen to what is wrong, by what it is known, and what to do. */

const char *
wherry_doctor_advise_route (void)
{
  return _ (
      "See whether this machine is on the network (ip address, ip route) and the server is in "
      "a network that it can reach; a VPN may be needed.");
}

gboolean
wherry_doctor_is_nowhere (const WherryStunFinding *finding)
{
  return finding->system == G_IO_ERROR_NETWORK_UNREACHABLE
         || finding->system == G_IO_ERROR_HOST_UNREACHABLE;
}

/* ---- STUN and TURN servers ---- */

static void
judge_credentials (WherryDoctor *self, const WherryStunFinding *finding, const char *whose)
{
  gboolean is_missing = finding->outcome == WHERRY_STUN_OUTCOME_NO_PASSWORD;
  g_autofree char *proof = wherry_doctor_finding_proof (finding);

  wherry_doctor_report_cause (
      self->report, is_missing ? "turn-no-password" : "turn-password", WHERRY_EXIT_REFUSED,
      g_strdup_printf (is_missing
                           ? _ ("The TURN server %s wants a user and a password, and got none.")
                           : _ ("The TURN server %s does not accept the user or password."),
                       finding->url),
      g_strdup_printf (_ ("%s; realm “%s”; from: %s"), proof,
                       finding->realm != NULL ? finding->realm : "", whose),
      g_strdup (is_missing
                    ? _ ("Give --user and --credential, or turn:USER:PASSWORD@HOST.")
                    : _ ("Compare user and password with the TURN server's (coturn: user=, or "
                         "static-auth-secret= with wherryd's turn-rest-secret-file); credentials "
                         "that are made for a time also fail when the clocks differ (date).")),
      wherry_doctor_finding_evidence (finding));
}

static void
judge_refusal (WherryDoctor *self, const WherryStunFinding *finding, const char *whose)
{
  g_autofree char *proof = wherry_doctor_finding_proof (finding);
  const char *todo;

  if (finding->code == 486)
    todo = _ ("This user has too many allocations: raise user-quota of the TURN server, or wait.");
  else if (finding->code == 508)
    todo = _ ("The TURN server has no relay port or address left: widen min-port to max-port.");
  else if (finding->code == 403)
    todo = _ ("The TURN server's own rules forbid this client (allowed-peer-ip, denied-peer-ip).");
  else
    todo = _ ("Look into the log of that server at this moment for the transaction.");
  wherry_doctor_report_cause (self->report, "ice-server-refuses", WHERRY_EXIT_REFUSED,
                              g_strdup_printf (_ ("The server %s refuses."), finding->url),
                              g_strdup_printf (_ ("%s; from: %s"), proof, whose), g_strdup (todo),
                              wherry_doctor_finding_evidence (finding));
}

static void
judge_silence (WherryDoctor *self, const WherryStunFinding *finding, const char *whose)
{
  g_autofree char *proof = wherry_doctor_finding_proof (finding);
  gboolean is_udp = finding->transport == WHERRY_STUN_TRANSPORT_UDP;
  gboolean is_turn = finding->question == WHERRY_STUN_QUESTION_ALLOCATE;
  const char *todo;

  if (finding->outcome == WHERRY_STUN_OUTCOME_UNRESOLVED)
    todo = _ ("Look for a slip in the name, and at the name servers (/etc/resolv.conf).");
  else if (finding->system == G_IO_ERROR_CONNECTION_REFUSED)
    todo = _ ("Nothing listens at that port: start the server, or correct the port.");
  else if (finding->system == G_IO_ERROR_PERMISSION_DENIED)
    todo = _ ("This machine's own firewall forbids it: look at “nft list ruleset”.");
  else if (wherry_doctor_is_nowhere (finding))
    todo = wherry_doctor_advise_route ();
  else if (finding->outcome == WHERRY_STUN_OUTCOME_NOT_STUN)
    todo = _ ("Correct the port: that of a STUN server is 3478, with TLS 5349.");
  else if (is_udp && is_turn)
    todo = _ ("See whether it runs, and whether UDP passes to it; where UDP is blocked, name it "
              "with ?transport=tcp too.");
  else
    todo = _ ("See whether it runs, and whether a firewall on the way lets this through.");
  wherry_doctor_report_cause (self->report, is_turn ? "turn-silent" : "stun-silent",
                              WHERRY_EXIT_NOT_REACHED,
                              g_strdup_printf (is_turn ? _ ("The TURN server %s is not reached.")
                                                       : _ ("The STUN server %s is not reached."),
                                               finding->url),
                              g_strdup_printf (_ ("%s; from: %s"), proof, whose), g_strdup (todo),
                              wherry_doctor_finding_evidence (finding));
}

void
wherry_doctor_judge_ice_server (WherryDoctor *self, const WherryStunFinding *finding,
                                const char *whose)
{
  switch (finding->outcome)
    {
    case WHERRY_STUN_OUTCOME_NONE:
    case WHERRY_STUN_OUTCOME_ANSWERED:
      break;
    case WHERRY_STUN_OUTCOME_WRONG_PASSWORD:
    case WHERRY_STUN_OUTCOME_NO_PASSWORD:
      judge_credentials (self, finding, whose);
      break;
    case WHERRY_STUN_OUTCOME_REFUSED:
    case WHERRY_STUN_OUTCOME_FORGED:
      judge_refusal (self, finding, whose);
      break;
    case WHERRY_STUN_OUTCOME_SILENT:
    case WHERRY_STUN_OUTCOME_UNREACHABLE:
    case WHERRY_STUN_OUTCOME_NOT_STUN:
    case WHERRY_STUN_OUTCOME_UNRESOLVED:
      judge_silence (self, finding, whose);
      break;
    }
}

/* ---- the join ---- */

static JsonObject *
get_claims (const char *token)
{
  g_auto (GStrv) parts = g_strsplit (token, ".", 4);
  g_autoptr (GString) encoded = NULL;
  g_autofree guchar *bytes = NULL;
  gsize n;

  if (g_strv_length (parts) != 3)
    return NULL;
  encoded = g_string_new (parts[1]);
  g_strdelimit (encoded->str, "-", '+');
  g_strdelimit (encoded->str, "_", '/');
  while (encoded->len % 4 != 0)
    g_string_append_c (encoded, '=');
  bytes = g_base64_decode (encoded->str, &n);
  return wherry_json_line_parse ((const char *) bytes, (gssize) n, NULL);
}

static gint64
get_time (JsonObject *claims, const char *name)
{
  JsonNode *node = json_object_get_member (claims, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : 0;
}

/* (transfer full): what the token says of itself, which only the server can verify. */
static char *
describe_token (const char *token)
{
  g_autoptr (JsonObject) claims = get_claims (token);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GDateTime) end = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  JsonNode *rooms;

  if (claims == NULL)
    return g_strdup (_ ("it is no JSON Web Token: three parts with a dot between them"));
  if (get_time (claims, "exp") == 0)
    g_string_append (text, _ ("it has no end (exp), which it must"));
  else if ((end = g_date_time_new_from_unix_utc (get_time (claims, "exp"))) != NULL)
    {
      g_autofree char *until = g_date_time_format_iso8601 (end);

      g_string_append_printf (text,
                              get_time (claims, "exp") <= now ? _ ("it ended at %s")
                                                              : _ ("it is good until %s"),
                              until);
    }
  if (get_time (claims, "nbf") > now)
    g_string_append (text, _ (", and is not good yet"));
  rooms = json_object_get_member (claims, "rooms");
  if (rooms != NULL)
    {
      g_autofree char *list = json_to_string (rooms, FALSE);

      g_string_append_printf (text, _ (", for the rooms %s"), list);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
wherry_doctor_judge_join (WherryDoctor *self, const GError *error)
{
  const char *token = self->invocation->token;
  g_autofree char *token_text = token != NULL ? describe_token (token) : NULL;
  g_autofree char *answer
      = g_strdup_printf (_ ("the server's answer to “join”: %s%s%s"), error->message,
                         token != NULL ? _ ("; the token says: ") : "",
                         token != NULL ? token_text : "");
  JsonObject *data = wherry_doctor_evidence ("room", self->room, "error", error->message, "token",
                                             token_text, NULL);

  if (error->domain != WHERRY_ERROR)
    wherry_doctor_report_cause (self->report, "join-failed", WHERRY_EXIT_FAILED,
                                g_strdup (_ ("Joining failed.")), g_steal_pointer (&answer),
                                g_strdup (_ ("Try again with --verbose.")), data);
  else if (error->code == WHERRY_ERROR_UNVERIFIED && token == NULL)
    wherry_doctor_report_cause (
        self->report, "token-missing", WHERRY_EXIT_REFUSED,
        g_strdup (_ ("The server lets in nobody without a token.")), g_steal_pointer (&answer),
        g_strdup (_ ("Ask who runs the server for a token, and give it by --token-file or "
                     "WHERRY_TOKEN.")),
        data);
  else if (error->code == WHERRY_ERROR_UNVERIFIED)
    wherry_doctor_report_cause (
        self->report, "token-refused", WHERRY_EXIT_REFUSED,
        g_strdup (_ ("The server does not accept the token.")), g_steal_pointer (&answer),
        g_strdup (_ ("Get a new token; if it is new, compare the key that it was signed with (kid) "
                     "with the server's token-keys, and the clocks of both machines (date).")),
        data);
  else if (error->code == WHERRY_ERROR_FORBIDDEN)
    wherry_doctor_report_cause (
        self->report, "forbidden", WHERRY_EXIT_REFUSED,
        g_strdup_printf (_ ("The server does not let you into the room “%s”."), self->room),
        g_steal_pointer (&answer),
        g_strdup (_ ("Name a room that the token is for (--room), or get a token for this one; "
                     "a ban ends by itself or by who runs the server.")),
        data);
  else if (error->code == WHERRY_ERROR_LIMIT)
    wherry_doctor_report_cause (
        self->report, "full", WHERRY_EXIT_REFUSED, g_strdup (_ ("The server is full.")),
        g_steal_pointer (&answer),
        g_strdup (_ ("Try again later; who runs it can raise its limits (limits.md).")), data);
  else
    wherry_doctor_report_cause (self->report, "join-failed", wherry_exit_of_error (error),
                                g_strdup_printf (_ ("Joining the room “%s” failed."), self->room),
                                g_steal_pointer (&answer),
                                g_strdup (_ ("See the server's log at this moment.")), data);
}
