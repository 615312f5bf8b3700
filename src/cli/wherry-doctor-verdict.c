/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/wherry-doctor.h"

/* From what was seen to what is wrong, by what it is known, and what to do. */

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
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GString) encoded = NULL;
  g_autofree guchar *bytes = NULL;
  JsonNode *root;
  gsize n;

  if (g_strv_length (parts) != 3)
    return NULL;
  encoded = g_string_new (parts[1]);
  g_strdelimit (encoded->str, "-", '+');
  g_strdelimit (encoded->str, "_", '/');
  while (encoded->len % 4 != 0)
    g_string_append_c (encoded, '=');
  bytes = g_base64_decode (encoded->str, &n);
  if (!json_parser_load_from_data (parser, (const char *) bytes, (gssize) n, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root)
             ? json_object_ref (json_node_get_object (root))
             : NULL;
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

/* ---- pairs ---- */

void
wherry_doctor_judge_forbidden_udp (WherryDoctor *self, const WherryStunFinding *finding)
{
  wherry_doctor_report_cause (
      self->report, "udp-forbidden-here", WHERRY_EXIT_NOT_REACHED,
      g_strdup (_ ("This machine's own firewall forbids UDP.")),
      wherry_doctor_finding_proof (finding),
      g_strdup (_ ("Let UDP out here: look at “nft list ruleset” or “iptables -S OUTPUT”, and at "
                   "what a container or sandbox may do.")),
      wherry_doctor_finding_evidence (finding));
}

/* Of those by UDP: that one by TCP answers does not help who speaks no ICE-TCP. */
static guint
count_udp (const WherryDoctorPairs *pairs, gboolean (*is) (const WherryStunFinding *finding))
{
  guint n = 0;

  for (guint i = 0; i < pairs->n; i++)
    n += pairs->findings[i]->transport == WHERRY_STUN_TRANSPORT_UDP && is (pairs->findings[i]);
  return n;
}

static gboolean
is_any (const WherryStunFinding *finding)
{
  return TRUE;
}

static gboolean
is_answered (const WherryStunFinding *finding)
{
  return finding->outcome == WHERRY_STUN_OUTCOME_ANSWERED;
}

static gboolean
is_closed (const WherryStunFinding *finding)
{
  return finding->system == G_IO_ERROR_CONNECTION_REFUSED;
}

static gboolean
is_forbidden (const WherryStunFinding *finding)
{
  return finding->system == G_IO_ERROR_PERMISSION_DENIED;
}

gboolean
wherry_doctor_is_udp_silent (const WherryDoctorPairs *pairs)
{
  return count_udp (pairs, is_any) > 0 && count_udp (pairs, is_answered) == 0;
}

static gboolean
has_answer_by_tcp (const WherryDoctorPairs *pairs)
{
  for (guint i = 0; i < pairs->n; i++)
    if (pairs->findings[i]->transport != WHERRY_STUN_TRANSPORT_UDP
        && is_answered (pairs->findings[i]))
      return TRUE;
  return FALSE;
}

/* (transfer full): every pair's proof; a dozen are enough. */
static char *
join_proofs (const WherryDoctorPairs *pairs)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MIN (pairs->n, 12); i++)
    {
      g_autofree char *proof = wherry_doctor_finding_proof (pairs->findings[i]);

      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", proof);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Whether they are all addresses that only the server's own machine, or its own network, has. */
static gboolean
are_all (GListModel *candidates, gboolean (*is) (GInetAddress *address))
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (candidates); i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (candidates, i);
      g_autoptr (GInetAddress) address
          = wherry_ice_candidate_is_parsed (candidate)
                ? g_inet_address_new_from_string (wherry_ice_candidate_get_address (candidate))
                : NULL;

      if (address == NULL)
        continue;
      if (!is (address))
        return FALSE;
      n++;
    }
  return n > 0;
}

static gboolean
has_loopback (GListModel *candidates)
{
  for (guint i = 0; i < g_list_model_get_n_items (candidates); i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (candidates, i);
      const char *address = wherry_ice_candidate_is_parsed (candidate)
                                ? wherry_ice_candidate_get_address (candidate)
                                : "";

      if (g_str_has_prefix (address, "127.") || g_str_equal (address, "::1"))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_hidden (GInetAddress *address)
{
  return g_inet_address_get_is_site_local (address) || g_inet_address_get_is_loopback (address)
         || g_inet_address_get_is_link_local (address);
}

static gboolean
is_loopback (GInetAddress *address)
{
  return g_inet_address_get_is_loopback (address);
}

/* The server offers addresses that cannot be reached from here. */
static gboolean
judge_addresses (WherryDoctor *self, const WherryDoctorPairs *pairs)
{
  GInetAddress *server
      = self->server != NULL
            ? g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (self->server))
            : NULL;
  g_autofree char *place = NULL;
  gboolean is_near = server == NULL || is_loopback (server);
  gboolean on_loopback = are_all (pairs->theirs, is_loopback);

  if (!is_near && count_udp (pairs, is_answered) > 0)
    return FALSE;
  if (is_near ? !on_loopback || has_loopback (pairs->ours)
              : !on_loopback && (!are_all (pairs->theirs, is_hidden) || is_hidden (server)))
    return FALSE;
  place = server != NULL ? g_inet_address_to_string (server) : g_strdup ("?");
  wherry_doctor_report_cause (
      self->report, "server-address", WHERRY_EXIT_NOT_REACHED,
      g_strdup (on_loopback ? _ ("The server's WebRTC is for programs of its own machine alone.")
                            : _ ("The server offers only addresses of its own network.")),
      g_strdup_printf (_ ("signaling is at %s, and all of its candidates are like %s"), place,
                       pairs->n > 0 ? pairs->findings[0]->remote : ""),
      g_strdup (is_near ? _ ("Try with --bind-address 127.0.0.1; for others, bind wherryd to an "
                             "address that they reach (its bind-address).")
                        : _ ("On the server, bind wherryd to an address that clients reach "
                             "(bind-address), or give it a STUN or TURN server (stun-server, "
                             "turn-server) where it sits behind a NAT.")),
      wherry_doctor_evidence ("server", place, NULL));
  return TRUE;
}

static const char *
tell_blocked (const WherryDoctorPairs *pairs)
{
  if (has_answer_by_tcp (pairs))
    return _ ("UDP is blocked between this machine and the server; browsers get through by "
              "ICE-TCP, other programs by the WebSocket.");
  if (pairs->is_tunneled)
    return _ ("UDP is blocked between this machine and the server; messages take the slower way by "
              "the WebSocket.");
  return _ ("UDP is blocked between this machine and the server.");
}

static void
judge_silent_pairs (WherryDoctor *self, const WherryDoctorPairs *pairs)
{
  guint n = count_udp (pairs, is_any);
  guint n_closed = count_udp (pairs, is_closed);
  guint n_forbidden = count_udp (pairs, is_forbidden);
  JsonObject *data;

  if (n_forbidden > 0 && n_forbidden + n_closed == n)
    {
      wherry_doctor_judge_forbidden_udp (self, pairs->findings[0]);
      return;
    }
  data = wherry_doctor_finding_evidence (pairs->findings[0]);
  json_object_set_int_member (data, "pairs", pairs->n);
  json_object_set_boolean_member (data, "tunneled", pairs->is_tunneled);
  if (n_closed == n)
    wherry_doctor_report_cause (
        self->report, "udp-closed", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("The addresses that the server offers are not the server's ports.")),
        join_proofs (pairs),
        g_strdup (_ ("A NAT or a container stands between: forward wherryd's port-range by UDP, or "
                     "give it bind-address and a STUN or TURN server.")),
        data);
  else
    wherry_doctor_report_cause (
        self->report, "udp-blocked", WHERRY_EXIT_NOT_REACHED, g_strdup (tell_blocked (pairs)),
        join_proofs (pairs),
        g_strdup (_ ("Let UDP pass to these addresses, on every firewall between (there: to "
                     "wherryd's port-range); where that cannot be, run a TURN server with "
                     "?transport=tcp, or wherryd with ice-tcp.")),
        data);
}

void
wherry_doctor_judge_pairs (WherryDoctor *self, const WherryDoctorPairs *pairs)
{
  if (g_list_model_get_n_items (pairs->ours) == 0)
    wherry_doctor_report_cause (
        self->report, "no-candidates-here", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("This machine found no address to connect from.")),
        g_strdup (self->invocation->relay_only
                      ? _ ("with --relay-only, and no TURN server gave an address")
                      : _ ("gathering gave no candidate")),
        g_strdup (_ ("Look at “ip address”: an interface must be up, with an address that is not "
                     "link-local; try --bind-address.")),
        NULL);
  else if (pairs->n == 0)
    wherry_doctor_report_cause (
        self->report, "no-candidates-there", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("The server offers no address to connect to.")),
        g_strdup (_ ("its answer has no candidate that can be asked")),
        g_strdup (_ ("On the server, look at bind-address, port-range and its interfaces.")), NULL);
  else if (judge_addresses (self, pairs))
    return;
  else if (wherry_doctor_is_udp_silent (pairs))
    judge_silent_pairs (self, pairs);
  else
    wherry_doctor_report_cause (
        self->report, "not-connected", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("Packets pass, and WebRTC does not connect all the same.")),
        g_strdup_printf (_ ("%u of %u pairs answered; ICE is %s"), count_udp (pairs, is_answered),
                         pairs->n, pairs->ice_state),
        g_strdup (_ ("A firewall may let the first packets pass only, or drop large ones (DTLS): "
                     "try --verbose, and see the server's log.")),
        NULL);
}
