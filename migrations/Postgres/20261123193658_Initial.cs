using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Gateway.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "Attempts",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    MessageId = table.Column<long>(type: "bigint", nullable: false),
                    Segment = table.Column<byte>(type: "smallint", nullable: false),
                    StartedAt = table.Column<long>(type: "bigint", nullable: false),
                    DurationMilliseconds = table.Column<int>(type: "integer", nullable: false),
                    Channel = table.Column<string>(type: "text", nullable: false),
                    Target = table.Column<string>(type: "text", nullable: false),
                    Status = table.Column<short>(type: "smallint", nullable: false),
                    RpCause = table.Column<byte>(type: "smallint", nullable: false),
                    Outcome = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Attempts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Contacts",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    Subscriber = table.Column<string>(type: "text", nullable: false),
                    PublicUserIdentity = table.Column<string>(type: "text", nullable: false),
                    Source = table.Column<byte>(type: "smallint", nullable: false),
                    Uri = table.Column<string>(type: "text", nullable: false),
                    FeatureTags = table.Column<string>(type: "text", nullable: false),
                    SmsOverIp = table.Column<bool>(type: "boolean", nullable: false),
                    Q = table.Column<short>(type: "smallint", nullable: false),
                    RegisteredAt = table.Column<long>(type: "bigint", nullable: false),
                    ExpiresAt = table.Column<long>(type: "bigint", nullable: false),
                    CallId = table.Column<string>(type: "text", nullable: false),
                    CSeq = table.Column<long>(type: "bigint", nullable: false),
                    ReginfoVersion = table.Column<long>(type: "bigint", nullable: false),
                    Path = table.Column<string>(type: "text", nullable: true),
                    Flow = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Contacts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "ShortMessages",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false),
                    Source = table.Column<byte>(type: "smallint", nullable: false),
                    Route = table.Column<byte>(type: "smallint", nullable: false),
                    Account = table.Column<string>(type: "text", nullable: true),
                    Carrier = table.Column<string>(type: "text", nullable: true),
                    RouteReason = table.Column<string>(type: "text", nullable: false),
                    Recipient = table.Column<string>(type: "text", nullable: false),
                    Originator = table.Column<string>(type: "text", nullable: false),
                    Content = table.Column<byte>(type: "smallint", nullable: false),
                    Text = table.Column<string>(type: "text", nullable: true),
                    UserData = table.Column<byte[]>(type: "bytea", nullable: true),
                    UserDataLength = table.Column<byte>(type: "smallint", nullable: false),
                    HasUserDataHeader = table.Column<bool>(type: "boolean", nullable: false),
                    DataCodingScheme = table.Column<byte>(type: "smallint", nullable: false),
                    ProtocolIdentifier = table.Column<byte>(type: "smallint", nullable: false),
                    LockingShift = table.Column<byte>(type: "smallint", nullable: false),
                    SingleShift = table.Column<byte>(type: "smallint", nullable: false),
                    SegmentCount = table.Column<byte>(type: "smallint", nullable: false),
                    ConcatenationReference = table.Column<int>(type: "integer", nullable: false),
                    State = table.Column<byte>(type: "smallint", nullable: false),
                    SegmentsDone = table.Column<byte>(type: "smallint", nullable: false),
                    Attempts = table.Column<byte>(type: "smallint", nullable: false),
                    AcceptedAt = table.Column<long>(type: "bigint", nullable: false),
                    ExpiresAt = table.Column<long>(type: "bigint", nullable: false),
                    DueAt = table.Column<long>(type: "bigint", nullable: true),
                    ConcludedAt = table.Column<long>(type: "bigint", nullable: true),
                    ErrorCode = table.Column<byte>(type: "smallint", nullable: false),
                    Reason = table.Column<string>(type: "text", nullable: true),
                    ReceiptRequested = table.Column<bool>(type: "boolean", nullable: false),
                    CallbackUrl = table.Column<string>(type: "text", nullable: true),
                    ClientReference = table.Column<string>(type: "text", nullable: true),
                    AccountReference = table.Column<string>(type: "text", nullable: true),
                    SubmitReference = table.Column<byte>(type: "smallint", nullable: false),
                    SubmitDestination = table.Column<byte[]>(type: "bytea", nullable: true),
                    ImdnMessageId = table.Column<string>(type: "text", nullable: true),
                    ForeignId = table.Column<string>(type: "text", nullable: true),
                    CarrierMessageIds = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ShortMessages", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Watches",
                columns: table => new
                {
                    Subscriber = table.Column<string>(type: "text", nullable: false),
                    PublicUserIdentity = table.Column<string>(type: "text", nullable: false),
                    Scscf = table.Column<string>(type: "text", nullable: true),
                    ExpiresAt = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Watches", x => x.Subscriber);
                });

            migrationBuilder.CreateTable(
                name: "Webhooks",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    Kind = table.Column<byte>(type: "smallint", nullable: false),
                    Account = table.Column<string>(type: "text", nullable: false),
                    MessageId = table.Column<long>(type: "bigint", nullable: false),
                    Url = table.Column<string>(type: "text", nullable: false),
                    Fields = table.Column<string>(type: "text", nullable: false),
                    State = table.Column<byte>(type: "smallint", nullable: false),
                    Attempts = table.Column<int>(type: "integer", nullable: false),
                    CreatedAt = table.Column<long>(type: "bigint", nullable: false),
                    DueAt = table.Column<long>(type: "bigint", nullable: true),
                    LastResult = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Webhooks", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Attempts_MessageId_Id",
                table: "Attempts",
                columns: new[] { "MessageId", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_ExpiresAt",
                table: "Contacts",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_Contacts_Subscriber_Source_Uri",
                table: "Contacts",
                columns: new[] { "Subscriber", "Source", "Uri" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_DueAt_Id",
                table: "ShortMessages",
                columns: new[] { "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_ForeignId_Originator_Id",
                table: "ShortMessages",
                columns: new[] { "ForeignId", "Originator", "Id" },
                filter: "\"ForeignId\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ShortMessages_Recipient_Id",
                table: "ShortMessages",
                columns: new[] { "Recipient", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Webhooks_DueAt_Id",
                table: "Webhooks",
                columns: new[] { "DueAt", "Id" },
                filter: "\"DueAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Webhooks_MessageId_Id",
                table: "Webhooks",
                columns: new[] { "MessageId", "Id" },
                filter: "\"DueAt\" IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Attempts");

            migrationBuilder.DropTable(
                name: "Contacts");

            migrationBuilder.DropTable(
                name: "ShortMessages");

            migrationBuilder.DropTable(
                name: "Watches");

            migrationBuilder.DropTable(
                name: "Webhooks");
        }
    }
}
