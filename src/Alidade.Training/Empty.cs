namespace Alidade.Training;
