using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace AuditService.Data.Migrations
{
    /// <inheritdoc />
    public partial class DeadLetters : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "dead_letters",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    fingerprint = table.Column<byte[]>(type: "bytea", nullable: false),
                    queue = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: false),
                    service = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: false),
                    event_type = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: true),
                    event_id = table.Column<Guid>(type: "uuid", nullable: true),
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: true),
                    occurred_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    failed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    collected_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    fault_type = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: false),
                    fault_message = table.Column<string>(type: "text", nullable: false),
                    fault_trace = table.Column<string>(type: "text", nullable: true),
                    replay_of = table.Column<Guid>(type: "uuid", nullable: true),
                    headers = table.Column<string>(type: "jsonb", nullable: false),
                    body = table.Column<byte[]>(type: "bytea", nullable: false),
                    state = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    decided_by = table.Column<string>(type: "text", nullable: true),
                    decided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dead_letters", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_decided_at",
                table: "dead_letters",
                column: "decided_at",
                filter: "decided_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_event_id",
                table: "dead_letters",
                column: "event_id",
                filter: "event_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_event_type_state_failed_at_id",
                table: "dead_letters",
                columns: new[] { "event_type", "state", "failed_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_fault_type_state_failed_at_id",
                table: "dead_letters",
                columns: new[] { "fault_type", "state", "failed_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_fingerprint",
                table: "dead_letters",
                column: "fingerprint",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_queue_state_failed_at_id",
                table: "dead_letters",
                columns: new[] { "queue", "state", "failed_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_service_state_failed_at_id",
                table: "dead_letters",
                columns: new[] { "service", "state", "failed_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_state_failed_at_id",
                table: "dead_letters",
                columns: new[] { "state", "failed_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_tenant_id_state_failed_at_id",
                table: "dead_letters",
                columns: new[] { "tenant_id", "state", "failed_at", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "dead_letters");
        }
    }
}
