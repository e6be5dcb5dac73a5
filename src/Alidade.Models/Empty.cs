namespace Alidade.Models;
